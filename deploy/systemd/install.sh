#!/usr/bin/env bash
# Installs this checkout as a service of systemd: its environment, its unit, enabled and started.
#
#   sudo SERVICE_PORT=8080 bash deploy/systemd/install.sh
#
# SERVICE_NAME   the unit's name (shopwright); its data lies in /var/lib/<name>, its settings in /etc/<name>
# SERVICE_USER   who runs it (shopwright), made where there is nobody of this name
# SERVICE_GROUP  its group (the user's name)
# SERVICE_PORT   where it listens (8000)
# SERVICE_MODE   production or development (production)
# PYTHON_BIN     the Python that makes the environment (python3)
# VENV_PATH      the environment (.venv of this checkout)
# UV_BIN         a uv that installs instead of pip; none by default
#
# It may run again: an update rewrites the unit and starts the service anew; settings stay as they are.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
checkout="$(cd "$here/../.." && pwd)"

name="${SERVICE_NAME:-shopwright}"
user="${SERVICE_USER:-shopwright}"
group="${SERVICE_GROUP:-$user}"
port="${SERVICE_PORT:-8000}"
mode="${SERVICE_MODE:-production}"
venv="${VENV_PATH:-$checkout/.venv}"
python="${PYTHON_BIN:-python3}"
uv="${UV_BIN:-}"
root="${DESTDIR:-}" # a folder in place of /, for packages: nobody is made and nothing is started

die() {
  echo "install.sh: $1" >&2
  exit 1
}

word='^[A-Za-z_][A-Za-z0-9_.-]*$'
[[ "$name" =~ $word ]] || die "SERVICE_NAME must be a plain name, not '$name'."
[[ "$user" =~ $word && "$group" =~ $word ]] || die "SERVICE_USER and SERVICE_GROUP must be plain names."
[[ "$port" =~ ^[0-9]{1,5}$ ]] && ((10#$port >= 1 && 10#$port <= 65535)) || die "SERVICE_PORT must be 1 to 65535, not '$port'."
[[ "$mode" == production || "$mode" == development ]] || die "SERVICE_MODE is production or development, not '$mode'."
[[ "$venv" == /* ]] || venv="$PWD/$venv"
[[ "$venv" =~ ^[A-Za-z0-9_./@+-]+$ ]] || die "VENV_PATH may have letters, digits and _ . / @ + - only: '$venv'."
[[ "$venv" != /home/* && "$venv" != /root/* ]] ||
  die "the service may not look into /home and /root: put the checkout into /opt/shopwright, or name a VENV_PATH there."

if [[ -z "$root" ]]; then
  [[ "$(id -u)" == 0 ]] || die "run it as root, with sudo: it writes to /etc/systemd."
  command -v systemctl >/dev/null || die "there is no systemd here; see docs/guides/operations.md for other ways."
fi

make_environment() {
  if [[ -z "$uv" ]]; then
    make --directory "$checkout" setup VENV="$venv" PYTHON="$python"
    return
  fi
  [[ -x "$venv/bin/python" ]] || "$uv" venv --python "$python" "$venv"
  "$uv" pip install --quiet --python "$venv/bin/python" --require-hashes --requirement "$checkout/requirements.lock"
  "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable "$checkout"
}

make_user() {
  getent group "$group" >/dev/null || groupadd --system "$group"
  id "$user" >/dev/null 2>&1 ||
    useradd --system --gid "$group" --home-dir "/var/lib/$name" --shell /usr/sbin/nologin "$user"
}

write_settings() {
  local file="$root/etc/$name/shop.env"
  [[ -e "$file" ]] && return
  mkdir -p "$root/etc/$name"
  (
    umask 077
    printf '%s\n' "# Settings of $name; every one is named by \`shopwright config create\`." >"$file"
  )
}

write_unit() {
  local unit="$root/etc/systemd/system/$name.service"
  mkdir -p "$(dirname "$unit")"
  sed \
    -e "s|^# Installed as .*|# Written by deploy/systemd/install.sh; a change here is lost with the next update. Use|" \
    -e "s|^# settings in .*|# systemctl edit $name, or the settings in /etc/$name/shop.env (mode 0600).|" \
    -e "s|^User=.*|User=$user|" \
    -e "s|^Group=.*|Group=$group|" \
    -e "s|^EnvironmentFile=.*|EnvironmentFile=-/etc/$name/shop.env|" \
    -e "s|^Environment=SHOPWRIGHT_DATA_DIR=.*|Environment=SHOPWRIGHT_DATA_DIR=/var/lib/$name PORT=$port FLASK_ENV=$mode|" \
    -e "s|^WorkingDirectory=.*|WorkingDirectory=/var/lib/$name|" \
    -e "s|^ExecStart=[^ ]*|ExecStart=$venv/bin/shopwright|" \
    -e "s|^StateDirectory=.*|StateDirectory=$name|" \
    -e "s|^LogsDirectory=.*|LogsDirectory=$name|" \
    "$here/shopwright.service" >"$unit"
}

make_environment
[[ -n "$root" ]] || make_user
write_settings
write_unit
if [[ -n "$root" ]]; then
  echo "Written below $root; nothing was started."
  exit 0
fi
systemctl daemon-reload
systemctl enable "$name"
systemctl restart "$name"
echo "$name runs on port $port. Its log: journalctl --unit $name --follow"
