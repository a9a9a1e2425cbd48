#!/usr/bin/env bash
# A short form of every training job, end to end: data, network, int8 export, card, bundle. The figures of networks
# trained for a minute mean nothing; that the files load, run and give their golden answers does.
# usage: tests/train.sh PYTHON FOLDER    (PYTHON has the extra [quantize]; FOLDER is for what is made)
set -euo pipefail
python=$(realpath --no-symlinks "$1")
export ANODYNE_SHARED=${ANODYNE_SHARED:-../shared}
if [ ! -d "$ANODYNE_SHARED" ]; then
  echo "SKIPPED: training (no shared data folder at $ANODYNE_SHARED: set ANODYNE_SHARED to it)"
  exit 0
fi
mkdir -p "$2"
folder=$(realpath "$2")/train
rm -rf "$folder/models" "$folder/shared"
# Four people instead of 34: the data folder as it is, with fewer rows in the list of labels.
part=data/stress-predict
mkdir -p "$folder/shared/$part/Processed_data"
shared=$(realpath "$ANODYNE_SHARED")
ln -s "$shared/assets" "$folder/shared/assets"
ln -s "$shared/$part/Raw_data" "$folder/shared/$part/Raw_data"
labels=$part/Processed_data/Improved_All_Combined_hr_rsp_binary.csv
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /Participant/) column = i; print; next }
  $column + 0 <= 5' "$shared/$labels" >"$folder/shared/$labels"
export ANODYNE_SHARED=$folder/shared
options=(--seed 1 --cache "$folder/cache" --out "$folder/models")
"$python" -m quantize biosignal "${options[@]}" --epochs 1 & beside=$! # one core each; its evaluation is played by the tests
"$python" -m quantize faces "${options[@]}" --renders 500 --epochs 1 --teachers 1
wait "$beside"
"$python" -m quantize detector "${options[@]}" --scenes 160 --epochs 1 --persons 18 --test-scenes 160 --tune-scenes 160
"$python" -m quantize fusion "${options[@]}" --lives 1 --hours 0.15
"$python" - "$folder/models" <<'PYTHON'
import pathlib
import sys

from edge.bundle import Bundle
from edge.golden import deviation
from edge.inference import Interpreter

bundle = Bundle.load(pathlib.Path(sys.argv[1]))
assert len(bundle.models) >= 2, list(bundle.models)
for model in bundle.models.values():
    interpreter = Interpreter(model)
    assert interpreter.delegated, f"{model.name}: XNNPACK does not take the whole graph"
    assert deviation(interpreter) == 0, model.name
    print(f"{model.name}: {len(model.data)} bytes, taken whole by XNNPACK, answers as exported")
PYTHON
