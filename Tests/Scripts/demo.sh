#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh BINARY
#
# One story on a scratch volume (SQLite + local files): fill it with a real tree, check it, break it, see the
# break found, collect its garbage, take the data out again. Every step is checked; the first one that is not
# as the story says ends it with a sentence and exit status 1. The scratch folder is removed in any case.
set -euo pipefail
export LC_ALL=C

sluice=$(realpath "${1:?path of the sluice binary}")
scratch=$(mktemp --directory -t sluice-demo.XXXXXX)
trap 'chmod -R u+rwX "$scratch" 2>/dev/null || true; rm -rf "$scratch"' EXIT
cd "$scratch"

readonly wanted_files=5000
source=$scratch/source
store=$scratch/store
output=$scratch/output.txt
meta=sqlite3://$scratch/demo.db
export DEMO=$meta
mkdir "$source"

# --- Telling and checking
# ---------------------------------------------------------------------------------------

chapter=0

heading() {
    chapter=$((chapter + 1))
    printf '\n%d. %s\n' "$chapter" "$1"
}

say() {
    printf '   %s\n' "$1"
}

fail() {
    printf '\nThe story is not true: %s\n' "$1" >&2
    if [[ -s $output ]]; then
        printf 'The last command said:\n' >&2
        tail -n 30 "$output" >&2
    fi
    exit 1
}

# expect STATUS ARGUMENTS...: runs sluice, shows its output, checks its exit status.
expect() {
    local wanted=$1 status=0 lines
    shift
    printf '   $ sluice %s\n' "${*//"$scratch"/.}"
    "$sluice" "$@" >"$output" 2>&1 </dev/null || status=$?
    lines=$(wc -l <"$output")
    head -n 24 "$output" | sed "s|$scratch|.|g; s/^/   | /"
    if ((lines > 24)); then
        say "| ... ($((lines - 24)) more lines)"
    fi
    ((status == wanted)) || fail "sluice $1 exited with $status, expected $wanted"
}

query() {
    sqlite3 -batch -noheader "$scratch/demo.db" "$1"
}

# --- The tree
# ---------------------------------------------------------------------------------------------------

# take FOLDER COUNT: copies up to COUNT small files that everybody may read, links and folders of this
# machine.
take() {
    [[ -d $1 ]] || return 0
    # `head` ends `find` early, which is not an error; what arrived is counted below.
    local kinds=('(' -type f -perm -o=r -readable -size -512k -o -type l -o -type d -readable -executable ')')
    { find "$1" -xdev "${kinds[@]}" -print0 || true; } 2>/dev/null |
        head --zero-terminated --lines="$2" >"$scratch/list"
    tar --create --null --no-recursion --files-from="$scratch/list" --file=- 2>/dev/null |
        tar --extract --directory="$source" --no-same-owner --file=- 2>/dev/null ||
        true
    chmod -R u+rwX "$source"
}

make_odd_names() {
    local odd=$source/odd
    mkdir -p "$odd/deep/er/and/deeper" "$odd/empty folder" "$odd/read only"
    printf 'newline\n' >"$odd/a"$'\n'"newline"
    printf 'not UTF-8\n' >"$odd/not-utf8-"$'\xff\xfe\x80'
    printf 'precomposed\n' >"$odd/caf"$'\xc3\xa9'
    printf 'decomposed\n' >"$odd/cafe"$'\xcc\x81'
    printf 'long\n' >"$odd/$(printf 'n%.0s' {1..255})"
    printf 'dash\n' >"$odd/-rf"
    printf 'quotes\n' >"$odd/\"it's\" \$HOME \\ *"
    printf 'spaces\n' >"$odd/ leading and trailing "
    : >"$odd/empty"
    truncate --size=8M "$odd/sparse"
    printf 'end' >>"$odd/sparse"
    head -c 9437184 /dev/urandom >"$odd/three-blocks"
    ln "$odd/-rf" "$odd/hard link"
    ln -s "a"$'\n'"newline" "$odd/link to newline"
    ln -s /nowhere/at/all "$odd/dangling link"
    ln -s ../odd "$odd/deep/link to a folder"
    printf 'secret\n' >"$odd/mode 0600"
    chmod 0600 "$odd/mode 0600"
    chmod 0555 "$odd/read only"
    mkfifo "$odd/demo-fifo"
}

count() {
    find "$source" -mindepth 1 "$@" -printf x | wc -c
}

# What a comparison of contents does not see. A fifo holds no data and is not transferred.
properties() {
    local start='%P\t%y\t%m\t'
    (cd "$1" && find . -mindepth 1 ! -type p '(' -type f -printf "$start%s\0" -o -printf "$start%l\0" ')') |
        sort --zero-terminated
}

# --- Objects and rows
# -------------------------------------------------------------------------------------------

# path_of INODE: the path of a file in the volume, from its names in the metadata.
path_of() {
    query "with recursive up(inode, path) as (
               select $1, ''
               union all
               select e.parent, '/' || cast(e.name as text) || path
               from up join jfs_edge e on e.inode = up.inode where up.inode <> 1)
           select path from up where inode = 1"
}

# pick FRACTION: sets `object`, `inode` and `path` of a small file with a plain name, found at this part of
# the listing of the store.
pick() {
    local candidates index slice
    mapfile -t candidates < <(
        find "$store" -path '*/chunks/*' -name '*_0_*' -size -200k -size +0 | sort --version-sort
    )
    for ((index = ${#candidates[@]} * $1 / 100; index < ${#candidates[@]}; index++)); do
        object=${candidates[index]}
        slice=${object##*/}
        slice=$(printf '%016X' "${slice%%_*}")
        inode=$(query "select inode from jfs_chunk
                       where indx = 0 and hex(cast(slices as blob)) like '00000000$slice%'")
        path=$(path_of "$inode")
        if [[ $path =~ ^/[A-Za-z0-9/_.+-]+$ ]] && (($(stat --format=%s "$object") > 64)); then
            return
        fi
    done
    fail "the store has no object that the demo could break"
}

# --- The story
# --------------------------------------------------------------------------------------------------

started=$SECONDS
printf 'sluice: one volume from its first to its last day, in %s (removed at the end)\n' "$scratch"

heading "A real tree: files, folders and links of this machine, and a folder of odd names"
for folder in /etc /usr/include /usr/share /usr/lib /usr/local /opt; do
    take "$folder" 4000
    if (($(count -type f) >= wanted_files + 500)); then
        break
    fi
done
make_odd_names
files=$(count -type f)
entries=$(count ! -type p)
size=$(du -sh --apparent-size "$source" | cut -f 1)
say "$files files, $(count -type l) symbolic links, $(count -type d) folders, $size"
((files >= wanted_files)) || fail "this machine gave only $files files, $wanted_files are wanted"

heading "Format a volume"
expect 0 format "$meta" demo --bucket "$store"

heading "Sync the tree into it"
expect 0 sync --dirs --perms --links "$source/" jfs://DEMO/

heading "Status: every entry is there"
expect 0 status "$meta"
used=$(sed -n 's/.*"UsedInodes": *\([0-9]*\).*/\1/p' "$output")
[[ $used == "$entries" ]] || fail "status counts ${used:-no} inodes, the tree has $entries entries"
say "$used inodes: the $entries entries of the tree"

heading "Check it, and read every block"
expect 0 fsck --data "$meta"

heading "Break three things"
mkdir "$scratch/aside"
pick 25
lost=$object lost_path=$path
mv "$lost" "$scratch/aside/lost"
say "deleted the object ${lost#"$store/"} of $lost_path"
pick 50
short=$object short_path=$path
cp --preserve=all "$short" "$scratch/aside/short"
truncate --size=-7 "$short"
say "cut 7 bytes off the object ${short#"$store/"} of $short_path"
pick 75
row=$inode row_path=$path
query "update jfs_node set nlink = nlink + 3 where inode = $row"
say "raised the link count in the metadata row of $row_path"

heading "See the break found: these three, by name, and nothing else"
expect 4 fsck --data "$meta"
for path in "$lost_path" "$short_path" "$row_path"; do
    grep --quiet --fixed-strings -- "$path" "$output" || fail "fsck does not name $path"
done
expect 4 fsck --data --json "$meta"
found=$(grep -cE '"type": ?"finding"' "$output" || true)
((found == 3)) || fail "fsck reports $found findings, three things were broken"
say "3 findings, 3 paths, exit status 4"

heading "Put the three back, and leave old garbage behind: objects of no slice, and a stranger's file"
mv "$scratch/aside/lost" "$lost"
cp --preserve=all "$scratch/aside/short" "$short"
query "update jfs_node set nlink = nlink - 3 where inode = $row"
next=$(query "select value from jfs_counter where name = 'nextChunk'")
leaked=()
for slice in $((next - 1)) $((next - 2)) $((next - 3)); do
    leak=$store/demo/chunks/$((slice / 1000000))/$((slice / 1000))/${slice}_0_1000
    mkdir -p "${leak%/*}"
    head -c 1000 /dev/urandom >"$leak"
    touch --date='2 days ago' "$leak"
    leaked+=("$leak")
done
stranger=$store/demo/chunks/notes.txt
printf 'not an object of the volume\n' >"$stranger"
touch --date='2 days ago' "$stranger"
objects=$(find "$store" -type f | wc -l)
say "3 leaked objects among $objects"

heading "The plan of gc: what would go, and nothing goes"
expect 4 gc "$meta"
(($(find "$store" -type f | wc -l) == objects)) || fail "a plan deleted something"

heading "Collect: exactly the plan"
expect 0 gc --delete --yes --journal "$scratch/gc.journal" "$meta"
for leak in "${leaked[@]}"; do
    [[ ! -e $leak ]] || fail "gc left ${leak#"$store/"}"
done
[[ -e $stranger ]] || fail "gc deleted a file that is not the volume's"
(($(find "$store" -type f | wc -l) == objects - 3)) || fail "gc deleted more than the three leaked objects"
say "3 objects deleted, $((objects - 3)) kept, the stranger's file among them"
rm "$stranger"

heading "All is well again"
expect 0 fsck --data "$meta"

heading "Sync the volume out to a plain folder, verified, and compare it with the source"
mkdir "$scratch/out"
expect 0 sync --dirs --perms --links --verify full jfs://DEMO/ "$scratch/out/"
diff --recursive --no-dereference --exclude=demo-fifo "$source" "$scratch/out" >"$output" 2>&1 ||
    fail "the contents differ from the source"
properties "$source" >"$scratch/source.list"
properties "$scratch/out" >"$scratch/out.list"
diff --text <(tr '\0' '\n' <"$scratch/source.list") <(tr '\0' '\n' <"$scratch/out.list") >"$output" 2>&1 ||
    fail "names, types, modes, sizes or link targets differ from the source"
say "$entries entries: names, types, modes, sizes, link targets and every byte are equal"

printf '\nThe story is true. It took %d seconds.\n' "$((SECONDS - started))"
