"""One file per super-category: each lists the marks of its garments on a body or a stand."""
