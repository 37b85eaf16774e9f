#!/bin/sh
# A step that blocks on a human: asks on Holdpoint's queue, and waits for the decision.
#
#   holdpoint.sh KEY QUESTION [SECONDS]
#
#   HOLDPOINT_URL=https://holdpoint.example.com HOLDPOINT_TOKEN=hp_… \
#     holdpoint.sh deploy-4.2 '{"prompt": "Deploy 4.2?", "choices": ["yes", "no"]}' 3600
#
# Prints the decision as JSON and ends with 0; with 2 when nobody decided in time, 3 when
# the question expired or was withdrawn, 1 when Holdpoint refused it. Start it again with
# the same KEY after a crash: it goes on waiting for the same question. Needs curl and jq.
set -u

key=$1 question=$2 seconds=${3:-2147483647}
api=${HOLDPOINT_URL:?}/api/v1
end=$(($(date +%s) + seconds))
reply=$(mktemp)
trap 'rm -f "$reply"' EXIT
trap 'exit 130' INT TERM

left() {
    echo $((end - $(date +%s)))
}

# send SECONDS ARGUMENTS… : the status of the reply, whose body is then in $reply. While
# Holdpoint is away it tries again, with longer and longer pauses.
send() {
    limit=$1 pause=1
    shift
    while :; do
        status=$(printf 'header = "Authorization: Bearer %s"\n' "${HOLDPOINT_TOKEN:?}" |
            curl --silent --config - --max-time "$limit" --output "$reply" \
                --write-out '%{http_code}' "$@") || status=000
        case $status in
            000 | 429 | 5??) ;;
            *) return ;;
        esac
        [ "$(left)" -gt "$pause" ] || exit 2
        sleep "$pause"
        pause=$((pause < 30 ? pause * 2 : 30))
    done
}

refuse() {
    jq -r '.error | "\(.code): \(.message)"' <"$reply" >&2
    exit 1
}

send 30 --request POST "$api/requests" --data "$question" \
    --header 'Content-Type: application/json' --header "Idempotency-Key: $key"
[ "$status" -lt 300 ] || refuse
id=$(jq -r .id <"$reply")

while :; do
    wait=$(left)
    [ "$wait" -lt 60 ] || wait=60
    [ "$wait" -gt 0 ] || exit 2
    send $((wait + 30)) "$api/requests/$id/decision?wait=$wait"
    [ "$status" -lt 300 ] || refuse
    case $(jq -r .status <"$reply") in
        answered)
            jq -c .decision <"$reply"
            exit 0
            ;;
        open | decided) ;;
        *) exit 3 ;;
    esac
done
