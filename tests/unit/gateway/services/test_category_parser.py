import pytest

from catalog_builders import SUB_CATEGORIES
from ootd_gateway.services.catalog.category_parser import CategoryParser, TitleCategory
from ootd_gateway.types import SuperCategory

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = SuperCategory
PARSER = CategoryParser(SUB_CATEGORIES)


@pytest.mark.parametrize(
    ("title", "category", "sub_category"),
    [
        ("Levi's 501 Original Jeans", BOTTOM, "jeans"),
        ("Blue denim jacket", OUTER, "jacket"),
        ("Jeans jacket, size M", OUTER, "jacket"),
        ("Men's dress shirt", TOP, "shirt"),
        ("Linen shirt dress", DRESS, "dress"),
        ("Dress shoes", SHOES, ""),
        ("Leather dress shoe black", SHOES, ""),
        ("T-Shirt", TOP, "t-shirt"),
        ("T SHIRTS for men", TOP, "t-shirt"),
        ("basic tee", TOP, "t-shirt"),
        ("ribbed tank top", TOP, "tank-top"),
        ("Tank-Top", TOP, "tank-top"),
        ("sweater vest", TOP, "sweater"),
        ("puffer vest", OUTER, "vest"),
        ("Hoodie with zip", TOP, "sweatshirt"),
        ("jacket with hood and skirt-like hem", OUTER, "jacket"),
        ("Trench coat", OUTER, "coat"),
        ("wool sport coat", OUTER, "blazer"),
        ("Pleated midi skirts", BOTTOM, "skirt"),
        ("Chino shorts", BOTTOM, "shorts"),
        ("Short sleeve blouse", TOP, "blouse"),
        ("Maxi dress long sleeve", DRESS, "dress"),
        ("Dresses", DRESS, "dress"),
        ("denim jumpsuit", DRESS, "romper"),
        ("Ankle boots heel 5 cm", SHOES, "boots"),
        ("High heels", SHOES, "heels"),
        ("Ballet flats", SHOES, "flats"),
        ("flat sandals", SHOES, "sandals"),
        ("Nike Air Max sneakers - white/black", SHOES, "sneakers"),
        ("Shoe", SHOES, ""),
        ("Top handle bag", BAG, "handbag"),
        ("Top quality leather bag", BAG, ""),
        ("crossbody bag", BAG, "purse"),
        ("Shoe bag", BAG, ""),
        ("Bag for shoes", BAG, ""),
        ("Laptop backpack", BAG, "backpack"),
        ("for women: red dress", DRESS, "dress"),
        ("Dolce and Gabbana dress", DRESS, "dress"),
        ("black and white striped shirt", TOP, "shirt"),
        ("Silk top", TOP, ""),
        ("Jeans & belt", BOTTOM, "jeans"),
        ("skirt_red_01", BOTTOM, "skirt"),
    ],
)
def test_reads_the_garment(title: str, category: SuperCategory, sub_category: str) -> None:
    assert PARSER.parse(title) == TitleCategory(category, sub_category)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "   ",
        "SKU 12345",
        "Blue thing",
        "Dress socks",
        "Bag charm",
        "Boot laces",
        "Top quality",
        "Two-piece set: top and skirt",
        "Jacket + pants",
        "shirt/jeans",
        "Address book",
        "scoop",
        "скирт 👗",
    ],
)
def test_reads_nothing_where_nothing_or_too_much_is_named(title: str) -> None:
    assert PARSER.parse(title) is None


def test_every_sub_category_names_itself() -> None:
    for category, names in SUB_CATEGORIES.items():
        for name in names:
            for title in (name, name.replace("-", " ").title(), f"red {name}, new"):
                assert PARSER.parse(title) == TitleCategory(category, name), title


def test_names_only_what_the_taxonomy_serves() -> None:
    parser = CategoryParser({SuperCategory.OUTER: ("coat",), SuperCategory.TOP: ("kaftan",)})
    assert parser.parse("denim jacket") == TitleCategory(OUTER, "")
    assert parser.parse("parka") == TitleCategory(OUTER, "coat")
    assert parser.parse("silk kaftan") == TitleCategory(TOP, "kaftan")


def test_long_titles_take_no_time() -> None:
    assert PARSER.parse("a-" * 256) is None
    assert PARSER.parse("dress and " * 51) == TitleCategory(DRESS, "dress")
