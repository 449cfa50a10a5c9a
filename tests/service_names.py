"""Full names of the services, as health and metrics know them."""

from ootd_gateway.services.catalog import servicer as catalog
from ootd_gateway.services.search import servicer as search
from ootd_gateway.services.server import servicer as server
from ootd_gateway.services.vision import servicer as vision

CATALOG = catalog.SERVICE.full_name
SEARCH = search.SERVICE.full_name
SERVER = server.SERVICE.full_name
VISION = vision.SERVICE.full_name
