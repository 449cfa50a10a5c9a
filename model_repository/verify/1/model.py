"""Triton adapter of ``verification.py``: detector's and tagger's findings to final garments."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from fingerprints import Fingerprints, fingerprints
from verification import Findings, Labels, Rules, verify


class TritonPythonModel:
    """One instance; unbatched, since its rules look at all garments of one photo together."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read taxonomy and thresholds, and which models stand beside this one; raises ValueError
        where parameters are missing, or they and the shapes disagree."""
        config = json.loads(args["model_config"])
        parameters = {key: value["string_value"] for key, value in config["parameters"].items()}
        self._labels = Labels.from_taxonomy(json.loads(parameters["taxonomy"]))
        self._rules = Rules.from_strings(parameters)
        served = _served(Path(args["model_repository"]).parent, parameters)
        self._served = np.array([served.vector.encode(), served.graph.encode()], np.object_)
        for name, count in (
            ("SUB_PROBABILITIES", self._labels.sub_count),
            ("ATTRIBUTE_PROBABILITIES", self._labels.attribute_count),
        ):
            (dims,) = (tensor["dims"] for tensor in config["input"] if tensor["name"] == name)
            if int(dims[-1]) != count:
                raise ValueError(f"{name} has {dims[-1]} columns, the taxonomy has {count} values")

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response per request: the five GARMENT tensors, and SERVED."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        def array(name: str) -> Any:
            return pb_utils.get_input_tensor_by_name(request, name).as_numpy()

        findings = Findings(
            boxes=array("BOXES"),
            scores=array("SCORES"),
            supers=array("SUPERS"),
            flags=array("FLAGS"),
            coverage=float(array("COVERAGE")[0, 0]),
            sub_probabilities=array("SUB_PROBABILITIES"),
            attribute_probabilities=array("ATTRIBUTE_PROBABILITIES"),
        )
        guided = int(array("GUIDE")[0, 0]) != 0
        garments = verify(findings, self._labels, self._rules, guided=guided)
        return pb_utils.InferenceResponse(
            [
                pb_utils.Tensor("GARMENT_SUPER", garments.supers),
                pb_utils.Tensor("GARMENT_SUB", garments.subs),
                pb_utils.Tensor("GARMENT_SUB_SCORE", garments.sub_scores),
                pb_utils.Tensor("GARMENT_ATTRIBUTES", garments.attributes),
                pb_utils.Tensor("GARMENT_STATUS", garments.statuses),
                pb_utils.Tensor("SERVED", self._served),
            ]
        )


def _served(repository: Path, parameters: Mapping[str, str]) -> Fingerprints:
    """The fingerprints of the files that Triton loads from the folder that this model is in; those
    that the export wrote where it has each model apart, as with a repository in object storage."""
    try:
        return fingerprints(repository)
    except OSError as error:
        written = Fingerprints.from_parameters(parameters)
        if not (written.vector and written.graph):
            raise ValueError(
                f"the models beside verify cannot be read ({error}) and its config.pbtxt has no "
                "fingerprints: run python -m ootd_training.release.model_config before it is copied"
            ) from error
        pb_utils.Logger.log_warn(
            f"verify: the models beside it cannot be read ({error}); answers carry the "
            f"fingerprints of its config.pbtxt, {written.vector} and {written.graph}, which are "
            "right only where all models are those of one export"
        )
        return written
