#!/bin/bash
# The same job for two workers, by GNU parallel over ssh and as a Slurm array: docs/scale.md. Everything runs on this
# machine, in a temporary folder, with keys that are thrown away; every daemon is ended. Slurm's need root.
#
# scale.sh PATH-OF-CISOR
set -euo pipefail

cisor=$(realpath "$1")
work=$(mktemp -d)
pids=()
finish() {
    local status=$?
    if [ "$status" != 0 ]; then tail -n 20 "$work"/*.log "$work"/*.txt 2>/dev/null || true; fi
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
await() { # seconds, command
    local left=$(($1 * 10)); shift
    until "$@" >/dev/null 2>&1; do
        [ $((left -= 1)) -gt 0 ] || fail "waited too long for: $*"
        sleep 0.1
    done
}

# 24 discs that differ.
mkdir "$work/shelf"
python3 - "$work/shelf" <<'PYTHON'
import pathlib, random, sys
for number in range(24):
    random.seed(number)
    image = bytearray(random.randbytes(64 * 2048) + bytes(512 * 2048))
    image[16 * 2048:16 * 2048 + 6] = b"\x01CD001"
    folder = pathlib.Path(sys.argv[1], str(number % 3))
    folder.mkdir(exist_ok=True)
    (folder / f"{number}.iso").write_bytes(image)
PYTHON

# What both have to give: every disc once, by two workers that both had something to do.
check() { # folder with the results, folder with the files
    local parts
    for part in 1 2; do
        grep -q '"summary"' "$1/$part.json" || fail "worker $part has no summary"
        parts=$(grep -c '"verb":"compress","input"' "$1/$part.json")
        [ "$parts" -gt 0 ] || fail "worker $part had nothing to do"
    done
    cat "$1"/[12].json | jq -r 'select(.input) | select(.exit == 0) | .output' | sort > "$1/written.txt"
    [ "$(uniq "$1/written.txt" | wc -l)" = 24 ] || fail "not 24 different files were written"
    [ "$(find "$2" -name '*.cso' | wc -l)" = 24 ] || fail "there are not 24 files"
    while read -r disc; do
        "$cisor" compare -q "$work/shelf/$disc.iso" "$2/$disc.cso" > /dev/null || fail "$disc differs"
    done < <(cd "$work/shelf" && find . -name '*.iso' | sed 's/\.iso$//')
}

# --- GNU parallel over ssh
begun=$(date +%s.%N)
mkdir "$work/ssh" "$work/out-ssh"
chmod 700 "$work/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/key"
cp "$work/ssh/key.pub" "$work/ssh/authorized_keys"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p /run/sshd 2>/dev/null || true
"$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f /dev/null -p "$port" -o ListenAddress=127.0.0.1 -o HostKey="$work/ssh/host" \
    -o AuthorizedKeysFile="$work/ssh/authorized_keys" -o PidFile=none -o StrictModes=no -o UsePAM=no \
    -o PasswordAuthentication=no 2> "$work/sshd.log" &
pids+=($!)
login="ssh -p $port -i $work/ssh/key -o BatchMode=yes -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=$work/ssh/known"
await 10 $login 127.0.0.1 true
# Two names for this machine: two workers.
mkdir "$work/home"
HOME="$work/home" parallel --will-cite --ssh "$login" -S 1/127.0.0.1,1/localhost \
    "$cisor" compress -r --to cso --json --shard '{}/2' -d "$work/out-ssh" "$work/shelf" '>' "$work/ssh/{}.json" '2>/dev/null' \
    ::: 1 2
check "$work/ssh" "$work/out-ssh"
echo "GNU parallel over ssh: ok, $(python3 -c "import time; print(f'{time.time() - $begun:.1f} s')")"

# --- Slurm
if [ "$(id -u)" != 0 ]; then
    echo "Slurm: skipped, its daemons need root"
    exit 0
fi
begun=$(date +%s.%N)
mkdir "$work/slurm" "$work/slurm/state" "$work/slurm/spool" "$work/out-slurm"
head -c 1024 /dev/urandom > "$work/slurm/munge.key"
chmod 600 "$work/slurm/munge.key"
chmod 755 "$work" "$work/slurm"
socket="$work/slurm/munge.socket"
munged --foreground --force --key-file="$work/slurm/munge.key" --socket="$socket" --pid-file="$work/slurm/munge.pid" \
    --log-file="$work/munged.log" --seed-file="$work/slurm/munge.seed" > /dev/null 2>&1 &
pids+=($!)
await 10 munge -n --socket="$socket"
host=$(hostname -s)
ports=($(python3 -c '
import socket
all = [socket.socket() for _ in range(2)]
for s in all: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in all))'))
cat > "$work/slurm/slurm.conf" <<CONF
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
StateSaveLocation=$work/slurm/state
SlurmdSpoolDir=$work/slurm/spool
SlurmctldPidFile=$work/slurm/slurmctld.pid
SlurmdPidFile=$work/slurm/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=trial Nodes=$host Default=YES MaxTime=10 State=UP
CONF
export SLURM_CONF="$work/slurm/slurm.conf"
slurmctld -D > "$work/slurmctld.log" 2>&1 &
pids+=($!)
await 20 scontrol ping
slurmd -D > "$work/slurmd.log" 2>&1 &
pids+=($!)
await 20 bash -c "sinfo -h -o %t | grep -q idle"
cat > "$work/slurm/job.sh" <<JOB
#!/bin/bash
exec "$cisor" compress -r --to cso -j 1 --json --shard "\$SLURM_ARRAY_TASK_ID/2" -d "$work/out-slurm" "$work/shelf" \
    > "$work/slurm/\$SLURM_ARRAY_TASK_ID.json"
JOB
sbatch --wait --array=1-2 --cpus-per-task=1 --output="$work/slurm/%a.txt" "$work/slurm/job.sh"
check "$work/slurm" "$work/out-slurm"
echo "Slurm array: ok, $(python3 -c "import time; print(f'{time.time() - $begun:.1f} s')")"
