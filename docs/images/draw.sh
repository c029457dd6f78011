#!/usr/bin/env bash
# Draws docs-page.png anew: what Chromium shows of /docs of the program, started in a folder of its own on a
# free port. `make picture` builds the program and runs this.
set -euo pipefail

program=$1
picture=$(cd "$(dirname "$0")" && pwd)/docs-page.png
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "No Chromium was found: 'apt install chromium' on Debian and Ubuntu." >&2
  exit 1
}
folder=$(mktemp -d)
coproc SERVE { exec "$program" serve --listen 127.0.0.1:0 --data "$folder/data" 2>"$folder/log"; }
pid=$SERVE_PID
trap 'kill "$pid"; wait "$pid" || true; rm -rf "$folder"' EXIT
read -r -u "${SERVE[0]}" url
# The page needs nothing but this program, so the browser has no other rights to take.
timeout 60 "$browser" --headless --no-sandbox --hide-scrollbars --force-color-profile=srgb \
  --window-size=1100,620 --virtual-time-budget=5000 --user-data-dir="$folder/browser" \
  --screenshot="$picture" "$url/docs" 2>"$folder/browser.log" || { cat "$folder/browser.log" >&2; exit 1; }
echo "$picture"
