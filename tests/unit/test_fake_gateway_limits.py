"""The fake takes and gives what a gateway does; here, as the client's own tests need no gateway."""

import ootd
from ootd.testing import FakeGateway
from ootd_gateway.process.server_options import server_facts
from ootd_gateway.process.settings import Settings


def test_its_limits_and_defaults_are_those_of_a_gateway_as_it_comes() -> None:
    facts = server_facts(Settings.of({}), "1")
    info = FakeGateway().server_info
    assert (info.color_weight, info.attribute_model) == (facts.color_weight, facts.attribute_model)
    told = facts.limits
    assert FakeGateway().limits == ootd.ServerLimits(
        max_image_bytes=told.max_image_bytes,
        max_image_pixels=told.max_image_pixels,
        min_image_side=told.min_image_side_pixels,
        max_request_bytes=told.max_request_bytes,
        max_answer_bytes=told.max_answer_bytes,
        default_deadline_s=told.default_deadline_seconds,
        max_deadline_s=told.max_deadline_seconds,
        stream_idle_s=told.stream_idle_seconds,
    )
