import pytest
from sushy import exceptions as sushy_errors

from infra_kit.inventory.errors import RefusedError
from infra_kit.layers.bmc.speech import translated
from infra_kit.layers.bmc.writer import BmcWriter


def test_what_sushy_says_otherwise_is_still_a_device_error(endpoint):
    error = translated(endpoint, "reading", sushy_errors.MissingAttributeError(attribute="Boot", resource="/x"))
    assert "Boot is missing" in str(error)


def test_a_refused_reset_carries_the_bmcs_words(endpoint):
    writer = BmcWriter.open(endpoint)
    with pytest.raises(RefusedError, match=r"already powered ON\. \[IDRAC\.2\.8\.PSU501\]"):
        writer.reset("On")
    writer.close()
