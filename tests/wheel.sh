#!/usr/bin/env bash
# Build the wheel, install it into an empty environment, and run it there, away from the checkout.
# usage: tests/wheel.sh PYTHON FOLDER    (PYTHON has the build back-end; FOLDER is for what is made)
set -euo pipefail
python=$(realpath --no-symlinks "$1")
mkdir -p "$2"
folder=$(realpath "$2")
rm -rf "$folder/wheel" "$folder/wheel-venv"
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$folder/wheel" .
wheel=$(ls "$folder"/wheel/anodyne-*.whl)
listed=$("$python" -m zipfile -l "$wheel")
for part in edge/_models/bundle.toml edge/_models/face_au.tflite edge/_models/cards/face_au.md edge/sensors/simulated/demo_ \
  edge/station/page/station.html edge/station/page/static/main.js edge/station/page/static/station.css; do
  grep -q "$part" <<<"$listed" || { echo "the wheel lacks $part" >&2; exit 1; }
done
"$python" -m venv "$folder/wheel-venv"
"$folder/wheel-venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$wheel"
said=$("$folder/wheel-venv/bin/anodyne" station 2>&1 || true)
grep -q "anodyne\[station\]" <<<"$said" || { echo "no word of what is missing" >&2; exit 1; }
"$folder/wheel-venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$wheel[station]"
cd "$folder"
export PATH="$folder/wheel-venv/bin:$PATH"
unset PYTHONPATH
anodyne --version
anodyne models --verify
anodyne doctor
anodyne config example >"$folder/example.toml"
anodyne config check "$folder/example.toml"
anodyne demo --fast --json | tail -n 1 | tee "$folder/demo.json"
"$python" - "$folder/demo.json" <<'PYTHON'
import json
import pathlib
import sys

figures = json.loads(pathlib.Path(sys.argv[1]).read_text())
assert figures["lost"] == 0, figures
assert figures["blind_reported_calm_s"] == 0, figures
assert figures["raised"] == figures["delivered"] > 0, figures
PYTHON
echo "the wheel works: $(basename "$wheel"), $(stat -c %s "$wheel") bytes"
