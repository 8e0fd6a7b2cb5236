/**
 * A shell script: starts a computer and ends it as soon as all the texts have appeared on its serial console.
 * Arguments: file of the console, seconds, --, texts to expect, --, texts to refuse, --, program with arguments.
 * Exit codes: 0 all seen, 3 a refused one seen, 4 time is over, 5 the program ended.
 */
export const watchSerial = `
serial=$1 limit=$2; shift 3
: > "$serial"; : > expect; : > refuse
while [ "$1" != -- ]; do printf '%s\\n' "$1" >> expect; shift; done; shift
while [ "$1" != -- ]; do printf '%s\\n' "$1" >> refuse; shift; done; shift
"$@" </dev/null & computer=$!
tail -n +1 -s 0.2 -f "$serial" --pid=$computer 2>/dev/null & reader=$!
# The reader ends by itself once it has shown all and the computer is gone.
end() { kill -KILL $computer 2>/dev/null; wait $computer; wait $reader; echo; exit $1; }
# A text may span what has no end of a line yet, such as a prompt: the whole file is looked at.
seen_all() { while IFS= read -r text; do grep -aqF -e "$text" "$serial" || return 1; done < expect; }
seconds=0
while :; do
  if seen_all; then end 0; fi
  if [ -s refuse ] && grep -aqF -f refuse "$serial"; then end 3; fi
  kill -0 $computer 2>/dev/null || { sleep 0.2; seen_all && end 0; end 5; }
  [ $seconds -lt $limit ] || end 4
  sleep 1; seconds=$((seconds + 1))
done
`;
