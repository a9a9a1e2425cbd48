#!/usr/bin/env bash
# What the box is made of (CycloneDX), and whether anything of it, or of what tests and builds use, has a published advisory.
# Where packages or the advisory service cannot be reached it says so plainly and does not fail; an advisory does.
set -uo pipefail
python=$1
work=$2/audit
cd "$(dirname "$0")/.." || exit
mkdir -p "$work"
rm -f "$work/advisories.json"
if [ ! -x "$work/venv/bin/cyclonedx-py" ] || [ ! -x "$work/venv/bin/pip-audit" ]; then
  "$python" -m venv "$work/venv" && "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    'pip-audit>=2.7,<3' 'cyclonedx-bom>=5,<8' 2>"$work/install.log" || {
    echo "SKIPPED: the audit of packages (pip-audit and cyclonedx-bom cannot be installed here: $work/install.log)"
    exit 0
  }
fi
"$python" -m tests.privacy.advisories --box >"$work/box.txt" || exit 1
"$work/venv/bin/cyclonedx-py" requirements "$work/box.txt" --pyproject pyproject.toml --output-reproducible \
  --of JSON -o "$work/sbom.json" 2>"$work/sbom.log" || { cat "$work/sbom.log" >&2; exit 1; }
echo "bill of materials of the box: $work/sbom.json, $(wc -l <"$work/box.txt") packages"
timeout 60 "$work/venv/bin/pip-audit" --requirement requirements.lock --no-deps --disable-pip --progress-spinner off \
  --format json --output "$work/advisories.json" >"$work/advisories.log" 2>&1
"$python" -m tests.privacy.advisories "$work/advisories.json"
code=$?
[ "$code" = 3 ] && exit 0
exit "$code"
