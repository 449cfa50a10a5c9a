"""The services of a FakeGateway, a file each; `registry` lists them."""
