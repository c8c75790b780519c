#!/bin/bash

__sluice_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__sluice_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__sluice_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__sluice_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_sluice() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __sluice_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    format|config|status|info|explain|fsck|gc|sync|changelog|dump|load|mdtest|objbench|destroy|version|help)
        # Offer subcommand argument completions
        "_sluice_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'format config status info explain fsck gc sync changelog dump load mdtest objbench destroy version help' -- "${cur}"))
        ;;
    esac
}

_sluice_format() {
    repeating_flags=()
    non_repeating_flags=(--hash-prefix --no-hash-prefix --enable-acl --no-enable-acl --force --no-update -y --yes --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--storage --bucket --access-key --secret-key --session-token --storage-class --block-size --compress --encrypt-rsa-key --encrypt-algo --tag --shards --capacity --inodes --trash-days --ranger-rest-url --ranger-service --kerberos-config-file)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--storage')
        return
        ;;
    '--bucket')
        return
        ;;
    '--access-key')
        return
        ;;
    '--secret-key')
        return
        ;;
    '--session-token')
        return
        ;;
    '--storage-class')
        return
        ;;
    '--block-size')
        return
        ;;
    '--compress')
        return
        ;;
    '--encrypt-rsa-key')
        return
        ;;
    '--encrypt-algo')
        return
        ;;
    '--tag')
        return
        ;;
    '--shards')
        return
        ;;
    '--capacity')
        return
        ;;
    '--inodes')
        return
        ;;
    '--trash-days')
        return
        ;;
    '--ranger-rest-url')
        return
        ;;
    '--ranger-service')
        return
        ;;
    '--kerberos-config-file')
        return
        ;;
    esac
}

_sluice_config() {
    repeating_flags=()
    non_repeating_flags=(--encrypt-secret --enable-acl --no-enable-acl --dir-stats --no-dir-stats --user-group-quota --no-user-group-quota --changelog --no-changelog --force -y --yes --dry-run --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--storage --bucket --access-key --secret-key --session-token --storage-class --tag --tier --upload-limit --download-limit --capacity --inodes --trash-days --ranger-rest-url --ranger-service --kerberos-config-file --min-client-version --max-client-version --changelog-max-age --changelog-max-lines)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--storage')
        return
        ;;
    '--bucket')
        return
        ;;
    '--access-key')
        return
        ;;
    '--secret-key')
        return
        ;;
    '--session-token')
        return
        ;;
    '--storage-class')
        return
        ;;
    '--tag')
        return
        ;;
    '--tier')
        return
        ;;
    '--upload-limit')
        return
        ;;
    '--download-limit')
        return
        ;;
    '--capacity')
        return
        ;;
    '--inodes')
        return
        ;;
    '--trash-days')
        return
        ;;
    '--ranger-rest-url')
        return
        ;;
    '--ranger-service')
        return
        ;;
    '--kerberos-config-file')
        return
        ;;
    '--min-client-version')
        return
        ;;
    '--max-client-version')
        return
        ;;
    '--changelog-max-age')
        return
        ;;
    '--changelog-max-lines')
        return
        ;;
    esac
}

_sluice_status() {
    repeating_flags=()
    non_repeating_flags=(-m --more --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(-s --session)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '-s'|'--session')
        return
        ;;
    esac
}

_sluice_info() {
    repeating_flags=()
    non_repeating_flags=(-r --recursive --raw --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=(--path -i --inode)
    non_repeating_options=()
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--path')
        return
        ;;
    '-i'|'--inode')
        return
        ;;
    esac
}

_sluice_explain() {
    repeating_flags=()
    non_repeating_flags=(--json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=(--path -i --inode)
    non_repeating_options=(--slice --object)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--path')
        return
        ;;
    '-i'|'--inode')
        return
        ;;
    '--slice')
        return
        ;;
    '--object')
        return
        ;;
    esac
}

_sluice_fsck() {
    repeating_flags=()
    non_repeating_flags=(-r --recursive --data --sync-dir-stat --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--path -p --threads)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--path')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    esac
}

_sluice_gc() {
    repeating_flags=()
    non_repeating_flags=(--delete -y --yes --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--older-than --plan --apply --journal -p --threads)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--older-than')
        return
        ;;
    '--plan')
        return
        ;;
    '--apply')
        return
        ;;
    '--journal')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    esac
}

_sluice_sync() {
    repeating_flags=()
    non_repeating_flags=(--match-full-path --strict-filters -u --update -f --force-update --existing --ignore-non-existing --ignore-existing -a --archive --dirs --perms -l --links --hard-links --xattrs --specials --delete-src --delete-src-after --trust-size --delete-dst --allow-empty-source --check-all --check-new --check-change --dry --dry-run --no-https --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=(--exclude --include)
    non_repeating_options=(-s --start -e --end --max-size --min-size --max-age --min-age --limit --max-delete --verify -p --threads --bwlimit --max-failure)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '-s'|'--start')
        return
        ;;
    '-e'|'--end')
        return
        ;;
    '--exclude')
        return
        ;;
    '--include')
        return
        ;;
    '--max-size')
        return
        ;;
    '--min-size')
        return
        ;;
    '--max-age')
        return
        ;;
    '--min-age')
        return
        ;;
    '--limit')
        return
        ;;
    '--max-delete')
        return
        ;;
    '--verify')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    '--bwlimit')
        return
        ;;
    '--max-failure')
        return
        ;;
    esac
}

_sluice_changelog() {
    repeating_flags=()
    non_repeating_flags=(-f --follow --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--from)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--from')
        return
        ;;
    esac
}

_sluice_dump() {
    repeating_flags=()
    non_repeating_flags=(--keep-secret-key --skip-trash --binary --fast --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--subdir -p --threads)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--subdir')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    esac
}

_sluice_load() {
    repeating_flags=()
    non_repeating_flags=(--binary --stat --resume --force --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--offset --encrypt-rsa-key --encrypt-algo -p --threads)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '--offset')
        return
        ;;
    '--encrypt-rsa-key')
        return
        ;;
    '--encrypt-algo')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    esac
}

_sluice_mdtest() {
    repeating_flags=()
    non_repeating_flags=(--keep --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(-p --threads --dirs --depth --files)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '-p'|'--threads')
        return
        ;;
    '--dirs')
        return
        ;;
    '--depth')
        return
        ;;
    '--files')
        return
        ;;
    esac
}

_sluice_objbench() {
    repeating_flags=()
    non_repeating_flags=(--skip-functional-tests --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(--compare --storage --access-key --secret-key --session-token --shards --storage-class --sc --block-size --big-object-size --small-object-size --small-objects -p --threads)
    __sluice_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--compare')
        return
        ;;
    '--storage')
        return
        ;;
    '--access-key')
        return
        ;;
    '--secret-key')
        return
        ;;
    '--session-token')
        return
        ;;
    '--shards')
        return
        ;;
    '--storage-class'|'--sc')
        return
        ;;
    '--block-size')
        return
        ;;
    '--big-object-size')
        return
        ;;
    '--small-object-size')
        return
        ;;
    '--small-objects')
        return
        ;;
    '-p'|'--threads')
        return
        ;;
    esac
}

_sluice_destroy() {
    repeating_flags=()
    non_repeating_flags=(-y --yes --force --dry-run --json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=(-p --threads --journal)
    __sluice_offer_flags_options 2

    # Offer option value completions
    case "${prev}" in
    '-p'|'--threads')
        return
        ;;
    '--journal')
        return
        ;;
    esac
}

_sluice_version() {
    repeating_flags=()
    non_repeating_flags=(--json -v --verbose --debug --trace -q --quiet --no-color --no-agent --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __sluice_offer_flags_options 0
}

_sluice_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __sluice_offer_flags_options -1
}

complete -o filenames -F _sluice sluice
