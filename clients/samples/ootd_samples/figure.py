"""The body under the clothes: proportions, pose, and where a place on it lies in the photo.

Body coordinates: y runs from 0 (top of the head) to 1 (soles), x from the middle line, positive to
the right of the photo; the unit is the body height. Garments laid flat use the same body, lying
with arms and legs apart, and never show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ootd_samples.geometry import Floats, Points, array, moved, rotate, tube
from ootd_samples.pieces import Frame

UPPER_ARM, FOREARM = 0.165, 0.145
SHOULDER_Y, WAIST_Y, HIP_Y, KNEE_Y, ANKLE_Y = 0.2, 0.395, 0.5, 0.73, 0.95
_ARM_POSES = ("hang", "hip", "pocket", "fore", "strap", "elbow", "behind")


@dataclass(frozen=True)
class Build:
    """Half widths of the body in body heights, and how thick the limbs are (1 is medium)."""

    shoulders: float
    chest: float
    waist: float
    hips: float
    limbs: float
    feminine: float

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: float) -> Build:
        """A body between male (0) and female (1), slim to sturdy."""
        sturdy = float(rng.normal(0, 1))
        grow = 1 + 0.05 * sturdy
        return cls(
            shoulders=(0.123 - 0.016 * feminine) * (1 + 0.02 * sturdy),
            chest=(0.095 - 0.012 * feminine) * grow,
            waist=(0.082 - 0.016 * feminine) * (1 + 0.08 * sturdy),
            hips=(0.086 + 0.006 * feminine) * grow,
            limbs=float(np.clip(1 + 0.09 * sturdy, 0.82, 1.25)) * (1.06 - 0.1 * feminine),
            feminine=feminine,
        )


@dataclass(frozen=True)
class Pose:
    """Angles in degrees and shifts in body heights; index 0 is the photo's left side."""

    arms: tuple[str, str]
    upper: tuple[float, float]
    fore: tuple[float, float]
    hip_shift: float
    shoulder_tilt: float
    hip_tilt: float
    knees: tuple[Floats, Floats]
    ankles: tuple[Floats, Floats]
    feet: tuple[float, float]
    front_leg: int

    @classmethod
    def random(cls, rng: np.random.Generator, arms: tuple[str, str] | None = None) -> Pose:
        """A standing, leaning, crossing or walking pose."""
        if arms is None:
            weights = np.array([0.5, 0.14, 0.2, 0.06, 0.0, 0.0, 0.1])
            one, two = rng.choice(_ARM_POSES, size=2, p=weights)
            arms = (str(one), str(two))
        angles = [_arm_angles(rng, name) for name in arms]
        knees, ankles, feet, front = _legs(rng)
        lean = float(rng.normal(0, 0.008))
        return cls(
            arms=arms,
            upper=(angles[0][0], angles[1][0]),
            fore=(angles[0][1], angles[1][1]),
            hip_shift=lean,
            shoulder_tilt=float(rng.normal(0, 1.8)),
            hip_tilt=float(rng.normal(0, 1.8)),
            knees=knees,
            ankles=ankles,
            feet=feet,
            front_leg=front,
        )


def _arm_angles(rng: np.random.Generator, name: str) -> tuple[float, float]:
    ranges = {
        "hang": (5, 14, -6, 8),
        "hip": (36, 48, -76, -62),
        "pocket": (14, 24, -38, -22),
        "fore": (4, 12, -88, -62),
        "strap": (14, 26, -164, -148),
        "elbow": (8, 18, -118, -92),
        "behind": (12, 20, -34, -20),
        "flat": (26, 58, 18, 50),
        "out": (15, 24, 5, 12),
    }[name]
    return float(rng.uniform(*ranges[:2])), float(rng.uniform(*ranges[2:]))


def _legs(
    rng: np.random.Generator,
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], tuple[float, float], int]:
    kind = str(
        rng.choice(["stand", "wide", "walk", "cross", "bend"], p=[0.4, 0.15, 0.2, 0.1, 0.15])
    )
    spread = {"stand": 0.042, "wide": 0.085, "walk": 0.03, "cross": -0.022, "bend": 0.05}[kind]
    spread *= float(rng.uniform(0.8, 1.25))
    front = int(rng.integers(2))
    knees, ankles, feet = [], [], []
    for side in (0, 1):
        sign = 2 * side - 1
        ankle = np.array([sign * spread, ANKLE_Y])
        knee = np.array([sign * (0.045 + spread) / 2, KNEE_Y])
        if kind == "walk" and side != front:
            ankle += (sign * 0.01, -0.045)
            knee += (-sign * 0.004, -0.005)
        if kind == "bend" and side != front:
            ankle += (sign * 0.025, -0.012)
            knee += (sign * 0.03, 0.0)
        knees.append(knee)
        ankles.append(ankle)
        feet.append(float(sign * rng.uniform(8, 65)))
    if kind == "walk":
        turn = float(rng.choice([-1, 1]) * rng.uniform(10, 45))
        feet = [turn + float(rng.normal(0, 8)), turn + float(rng.normal(0, 8))]
    return (knees[0], knees[1]), (ankles[0], ankles[1]), (feet[0], feet[1]), front


@dataclass(frozen=True)
class Arm:
    """Joints of an arm in px; `side` is -1 for the photo's left."""

    side: int
    pose: str
    shoulder: Floats
    elbow: Floats
    wrist: Floats

    def line(self) -> Floats:
        """Shoulder, elbow and wrist, with the elbow rounded."""
        near = self.shoulder + (self.elbow - self.shoulder) * 0.8
        far = self.elbow + (self.wrist - self.elbow) * 0.2
        bent = abs(_turn(self.shoulder, self.elbow, self.wrist)) > 1.0
        if bent:
            return np.stack([self.shoulder, near, (near + far) / 2, far, self.wrist])
        return np.stack([self.shoulder, self.elbow, self.wrist])


def _turn(a: Floats, b: Floats, c: Floats) -> float:
    u, v = b - a, c - b
    return float(np.arctan2(u[0] * v[1] - u[1] * v[0], u @ v))


@dataclass(frozen=True)
class Leg:
    """Joints of a leg in px; `foot` is 0 for toes to the camera, 90 for the photo's right."""

    side: int
    hip: Floats
    knee: Floats
    ankle: Floats
    foot: float
    in_front: bool


@dataclass(frozen=True)
class Figure:
    """A posed body in the photo: `unit` px tall, its top at (`x`, `y`), turned by `turn` radians.

    `wide` widens clothes that lie flat, where the whole cloth is seen.
    """

    build: Build
    pose: Pose
    x: float
    y: float
    unit: float
    turn: float = 0.0
    flat: bool = False
    wide: float = 1.0

    @classmethod
    def lying(cls, rng: np.random.Generator, arm: str = "flat") -> Figure:
        """The unseen body inside a garment that is laid flat or hung up."""
        feminine = 0.5
        pose = Pose.random(rng, (arm, arm))
        spread = float(rng.uniform(0.055, 0.075))
        ankles = tuple(np.array([s * spread, ANKLE_Y]) for s in (-1.0, 1.0))
        knees = tuple(np.array([s * (0.5 * spread + 0.024), KNEE_Y]) for s in (-1.0, 1.0))
        same = (pose.upper[0], pose.upper[0] + float(rng.normal(0, 4)))
        fore = (pose.fore[0], pose.fore[0] + float(rng.normal(0, 6)))
        pose = replace(
            pose,
            upper=same,
            fore=fore,
            hip_shift=0.0,
            shoulder_tilt=0.0,
            hip_tilt=0.0,
            knees=(knees[0], knees[1]),
            ankles=(ankles[0], ankles[1]),
        )
        build = Build(0.115, 0.09, 0.08, 0.092, 1.0, feminine)
        return cls(build, pose, 0.0, 0.0, 1000.0, flat=True, wide=1.16)

    def at(self, points: Points) -> Floats:
        """Body coordinates to px, with the lean of the spine and the tilt of shoulders and hips."""
        p = array(points)
        t = np.clip((p[:, 1] - SHOULDER_Y) / (HIP_Y - SHOULDER_Y), 0, 1)
        below = np.clip((p[:, 1] - HIP_Y) / 0.4, 0, 1)
        tilt = np.radians(self.pose.shoulder_tilt * (1 - t) + self.pose.hip_tilt * t * (1 - below))
        x = p[:, 0] * np.cos(tilt) + self.pose.hip_shift * t * t * (3 - 2 * t) * (1 - 0.5 * below)
        y = p[:, 1] + p[:, 0] * np.sin(tilt)
        return self.place(np.stack([x, y], 1))

    def place(self, points: Points) -> Floats:
        """Upright body coordinates to px."""
        return moved(rotate(array(points) * self.unit, self.turn), self.x, self.y)

    def body(self, px: Floats) -> Floats:
        """Upright body coordinates of places in px."""
        upright: Floats = rotate(px - np.array([self.x, self.y]), -self.turn) / self.unit
        return upright

    def turned(self, direction: tuple[float, float]) -> Floats:
        """A direction of the body as it lies in the photo."""
        turned: Floats = rotate([direction], self.turn)[0]
        return turned

    def frame(self, x: float, y: float, angle: float = 0.0) -> Frame:
        """The cloth frame with its origin at a place on the body."""
        px = self.at([(x, y)])[0]
        return Frame(float(px[0]), float(px[1]), self.unit, self.turn + angle)

    def frame_between(self, a: Floats, b: Floats) -> Frame:
        """The frame of a limb: v runs from a to b (px)."""
        d = b - a
        return Frame(float(a[0]), float(a[1]), self.unit, float(np.arctan2(d[1], d[0]) - np.pi / 2))

    def half(self, y: float) -> float:
        """Half width of the torso at a height."""
        b = self.build
        ys = (0.18, 0.2, 0.25, 0.29, WAIST_Y, 0.45, HIP_Y, 0.56)
        upper = (0.036, b.shoulders * 0.9, b.chest * 1.04, b.chest)
        xs = (*upper, b.waist, b.hips * 0.93, b.hips, 0.094)
        return float(np.interp(y, ys, xs))

    def arm(self, side: int) -> Arm:
        """The arm on one side (-1 or 1)."""
        i = (side + 1) // 2
        shoulder = np.array([side * (self.build.shoulders - 0.024), SHOULDER_Y + 0.012])
        upper, fore = np.radians([self.pose.upper[i], self.pose.fore[i]])
        name = self.pose.arms[i]
        # Forearms that come towards the camera look shorter.
        short = {"fore": 0.8, "elbow": 0.72, "strap": 0.86, "hip": 0.92}.get(name, 1.0)
        joint = self.at([shoulder])[0]
        to_elbow = np.array([side * np.sin(upper), np.cos(upper)]) * UPPER_ARM
        to_wrist = np.array([side * np.sin(fore), np.cos(fore)]) * FOREARM * short
        elbow = joint + rotate([to_elbow * self.unit], self.turn)[0]
        wrist = elbow + rotate([to_wrist * self.unit], self.turn)[0]
        return Arm(side, name, joint, elbow, wrist)

    def leg(self, side: int) -> Leg:
        """The leg on one side (-1 or 1)."""
        i = (side + 1) // 2
        hip = self.at([(side * 0.047, HIP_Y)])[0]
        knee, ankle = self.place([self.pose.knees[i]])[0], self.place([self.pose.ankles[i]])[0]
        return Leg(side, hip, knee, ankle, self.pose.feet[i], self.pose.front_leg == i)

    def legs(self) -> tuple[Leg, Leg]:
        """Both legs, the rear one first."""
        one, two = self.leg(-1), self.leg(1)
        return (two, one) if one.in_front else (one, two)

    def px(self, length: float) -> float:
        """Body heights to px."""
        return length * self.unit

    def limb(self, centers: Points, halves: tuple[float, ...]) -> Floats:
        """Outline of a tube around centres in px; half widths in body heights."""
        return tube(centers, [h * self.unit for h in halves])
