function __sluice_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __sluice_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __sluice_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __sluice_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __sluice_parse_tokens -S
    set -l unparsed_tokens (__sluice_tokens -pc)
    switch $unparsed_tokens[1]
    case 'sluice'
        __sluice_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'format'
            __sluice_parse_subcommand 2 'storage=' 'bucket=' 'access-key=' 'secret-key=' 'session-token=' 'storage-class=' 'block-size=' 'compress=' 'encrypt-rsa-key=' 'encrypt-algo=' 'tag=' 'hash-prefix' 'no-hash-prefix' 'shards=' 'capacity=' 'inodes=' 'trash-days=' 'enable-acl' 'no-enable-acl' 'ranger-rest-url=' 'ranger-service=' 'kerberos-config-file=' 'force' 'no-update' 'y/yes' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'config'
            __sluice_parse_subcommand 1 'storage=' 'bucket=' 'access-key=' 'secret-key=' 'session-token=' 'storage-class=' 'tag=' 'tier=' 'upload-limit=' 'download-limit=' 'encrypt-secret' 'capacity=' 'inodes=' 'trash-days=' 'enable-acl' 'no-enable-acl' 'ranger-rest-url=' 'ranger-service=' 'kerberos-config-file=' 'min-client-version=' 'max-client-version=' 'dir-stats' 'no-dir-stats' 'user-group-quota' 'no-user-group-quota' 'changelog' 'no-changelog' 'changelog-max-age=' 'changelog-max-lines=' 'force' 'y/yes' 'dry-run' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'status'
            __sluice_parse_subcommand 1 's/session=' 'm/more' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'info'
            __sluice_parse_subcommand 1 'path=+' 'i/inode=+' 'r/recursive' 'raw' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'explain'
            __sluice_parse_subcommand 1 'path=+' 'i/inode=+' 'slice=' 'object=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'fsck'
            __sluice_parse_subcommand 1 'path=' 'r/recursive' 'data' 'sync-dir-stat' 'p/threads=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'gc'
            __sluice_parse_subcommand 1 'delete' 'older-than=' 'plan=' 'apply=' 'journal=' 'p/threads=' 'y/yes' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'sync'
            __sluice_parse_subcommand 2 's/start=' 'e/end=' 'exclude=+' 'include=+' 'match-full-path' 'strict-filters' 'max-size=' 'min-size=' 'max-age=' 'min-age=' 'limit=' 'u/update' 'f/force-update' 'existing' 'ignore-existing' 'a/archive' 'dirs' 'perms' 'l/links' 'hard-links' 'xattrs' 'specials' 'delete-src' 'delete-src-after' 'trust-size' 'delete-dst' 'max-delete=' 'allow-empty-source' 'check-all' 'check-new' 'check-change' 'verify=' 'dry' 'p/threads=' 'bwlimit=' 'no-https' 'max-failure=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'changelog'
            __sluice_parse_subcommand 1 'from=' 'f/follow' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'dump'
            __sluice_parse_subcommand 2 'subdir=' 'keep-secret-key' 'skip-trash' 'binary' 'fast' 'p/threads=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'load'
            __sluice_parse_subcommand 2 'binary' 'stat' 'offset=' 'encrypt-rsa-key=' 'encrypt-algo=' 'resume' 'force' 'p/threads=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'mdtest'
            __sluice_parse_subcommand 2 'p/threads=' 'dirs=' 'depth=' 'files=' 'keep' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'destroy'
            __sluice_parse_subcommand 2 'y/yes' 'force' 'dry-run' 'p/threads=' 'journal=' 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'version'
            __sluice_parse_subcommand 0 'json' 'v/verbose' 'q/quiet' 'no-color' 'no-agent' 'version' 'h/help'
        case 'help'
            __sluice_parse_subcommand -r 1 'version'
        end
    end
end

function __sluice_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __sluice_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __sluice_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __sluice_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__sluice_tokens -p)
    if test -z "$(__sluice_tokens -t)"
        set -l index (count (__sluice_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'sluice' -f
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'format' -d 'Make a volume.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'config' -d 'Show or change a volume\'s settings.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'status' -d 'Show settings, clients and usage of a volume as JSON.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'info' -d 'Show size, paths and objects of files or directories.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'explain' -d 'Show who owns what: path, inode, chunk, slice and object.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'fsck' -d 'Check metadata and objects of a volume against each other.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'gc' -d 'Find objects that nothing refers to, and delete them.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'sync' -d 'Copy between folders, volumes and buckets and verify what arrived.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'changelog' -d 'Show the change log of a volume.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'dump' -d 'Write the metadata of a volume to a file.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'load' -d 'Make a volume of a dump in an empty database.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'mdtest' -d 'Measure what a metadata engine does in a second.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'destroy' -d 'Delete all objects and all metadata of a volume.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_positional "sluice" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" storage' -l 'storage' -d 'Object storage driver: file, s3, minio, gs, oss, cos, obs, tos, b2, wasabi, space, scw, ks3, jss, eos, oos, redis, sqlite3, postgres, webdav, sftp (default file).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" bucket' -l 'bucket' -d 'Folder or database that holds the objects, or address of a bucket: https://BUCKET.HOST.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" access-key' -l 'access-key' -d 'Access key of the object storage; \'anonymous\' signs nothing. Without one the environment\'s.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" secret-key' -l 'secret-key' -d 'Secret key of the object storage.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" session-token' -l 'session-token' -d 'Session token of the object storage.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" storage-class' -l 'storage-class' -d 'Storage class of new objects.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" block-size' -l 'block-size' -d 'Bytes of a block, in KiB unless a unit is given; a power of two from 64K to 16M (default 4M).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" compress' -l 'compress' -d 'Compression of blocks: none, lz4 or zstd (default none).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" encrypt-rsa-key' -l 'encrypt-rsa-key' -d 'PEM file of the RSA key that encrypts the objects; passphrase in JFS_RSA_PASSPHRASE.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" encrypt-algo' -l 'encrypt-algo' -d 'Cipher of encrypted objects: aes256gcm-rsa, chacha20-rsa or sm4gcm.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" tag' -l 'tag' -d 'Accepted as JuiceFS does, which does not store it; tags are set with \'config\'.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" hash-prefix' -l 'hash-prefix' -d 'Put a hash in front of object names.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" no-hash-prefix' -l 'no-hash-prefix' -d 'Put a hash in front of object names.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" shards' -l 'shards' -d 'Spread objects over so many buckets, named with %d; at most 256.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" capacity' -l 'capacity' -d 'Most bytes of the volume, in GiB unless a unit is given; 0 is unlimited.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" inodes' -l 'inodes' -d 'Most files and directories; 0 is unlimited.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" trash-days' -l 'trash-days' -d 'Days that removed files stay in the trash; 0 turns it off (default 1).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" enable-acl' -l 'enable-acl' -d 'POSIX ACLs; cannot be turned off again.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" no-enable-acl' -l 'no-enable-acl' -d 'POSIX ACLs; cannot be turned off again.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" ranger-rest-url' -l 'ranger-rest-url' -d 'Address of an Apache Ranger server.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" ranger-service' -l 'ranger-service' -d 'Name of the Ranger service.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" kerberos-config-file' -l 'kerberos-config-file' -d 'Kerberos configuration file, stored in the settings.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" force' -l 'force' -d 'Replace the settings of an existing volume, even those that its objects depend on.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" no-update' -l 'no-update' -d 'Succeed without a change when the volume exists.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" y yes' -s 'y' -l 'yes' -d 'Do not ask.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice format" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" storage' -l 'storage' -d 'Object storage driver: file, s3, minio, gs, oss, cos, obs, tos, b2, wasabi, space, scw, ks3, jss, eos, oos, redis, sqlite3, postgres, webdav, sftp (default file).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" bucket' -l 'bucket' -d 'Folder or database that holds the objects, or address of a bucket: https://BUCKET.HOST.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" access-key' -l 'access-key' -d 'Access key of the object storage; \'anonymous\' signs nothing. Without one the environment\'s.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" secret-key' -l 'secret-key' -d 'Secret key of the object storage.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" session-token' -l 'session-token' -d 'Session token of the object storage.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" storage-class' -l 'storage-class' -d 'Storage class of new objects.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" tag' -l 'tag' -d 'Tag of new objects, key=value.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" tier' -l 'tier' -d 'The tier, 0 to 3, that --storage-class and --tag belong to.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" upload-limit' -l 'upload-limit' -d 'Upload limit of each client in Mbit/s; 0 is none.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" download-limit' -l 'download-limit' -d 'Download limit of each client in Mbit/s; 0 is none.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" encrypt-secret' -l 'encrypt-secret' -d 'Seal secrets that are stored in clear.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" capacity' -l 'capacity' -d 'Most bytes of the volume, in GiB unless a unit is given; 0 is unlimited.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" inodes' -l 'inodes' -d 'Most files and directories; 0 is unlimited.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" trash-days' -l 'trash-days' -d 'Days that removed files stay in the trash; 0 turns it off (default 1).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" enable-acl' -l 'enable-acl' -d 'POSIX ACLs; cannot be turned off again.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-enable-acl' -l 'no-enable-acl' -d 'POSIX ACLs; cannot be turned off again.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" ranger-rest-url' -l 'ranger-rest-url' -d 'Address of an Apache Ranger server.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" ranger-service' -l 'ranger-service' -d 'Name of the Ranger service.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" kerberos-config-file' -l 'kerberos-config-file' -d 'Kerberos configuration file, stored in the settings.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" min-client-version' -l 'min-client-version' -d 'Least version of clients; cannot be lowered.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" max-client-version' -l 'max-client-version' -d 'Last version of clients; empty for any.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" dir-stats' -l 'dir-stats' -d 'Keep usage per directory.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-dir-stats' -l 'no-dir-stats' -d 'Keep usage per directory.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" user-group-quota' -l 'user-group-quota' -d 'Keep usage per user and group.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-user-group-quota' -l 'no-user-group-quota' -d 'Keep usage per user and group.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" changelog' -l 'changelog' -d 'Keep a log of changes.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-changelog' -l 'no-changelog' -d 'Keep a log of changes.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" changelog-max-age' -l 'changelog-max-age' -d 'Age at which lines of the change log go, 0 for never (JuiceFS: 2h).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" changelog-max-lines' -l 'changelog-max-lines' -d 'Most lines of the change log, 0 for any number.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" force' -l 'force' -d 'Skip the storage test and the checks of usage, quotas and clients.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" y yes' -s 'y' -l 'yes' -d 'Do not ask.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" dry-run' -l 'dry-run' -d 'Show the changes without making them.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice config" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" s session' -s 's' -l 'session' -d 'Show one session with its files and locks.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" m more' -s 'm' -l 'more' -d 'Also count trash and pending removals.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" json' -l 'json' -d 'Accepted for symmetry: the output is JSON always.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info"' -l 'path' -d 'A path inside the volume, from its root.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info"' -s 'i' -l 'inode' -d 'An inode.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" r recursive' -s 'r' -l 'recursive' -d 'Add up everything below directories.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" raw' -l 'raw' -d 'Show slices instead of objects.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice info" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain"' -l 'path' -d 'A path inside the volume, from its root.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain"' -s 'i' -l 'inode' -d 'An inode.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" slice' -l 'slice' -d 'A slice, by its id.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" object' -l 'object' -d 'An object, by its key, with or without the volume\'s name.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" path' -l 'path' -d 'Check this file or directory of the volume only.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" r recursive' -s 'r' -l 'recursive' -d 'With --path: also everything below it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" data' -l 'data' -d 'Also read every block: decrypt, decompress, compare the length.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" sync-dir-stat' -l 'sync-dir-stat' -d 'Accepted for JuiceFS\'s scripts: directory usage is always compared.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" p threads' -s 'p' -l 'threads' -d 'Blocks read at a time with --data.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice fsck" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" delete' -l 'delete' -d 'Execute the plan.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" older-than' -l 'older-than' -d 'Leave objects alone that are younger (default 1h, or JFS_GC_SKIPPEDTIME seconds).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" plan' -l 'plan' -d 'Keep the plan in this file, as JSON lines.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" apply' -l 'apply' -d 'Execute a plan that was kept, as far as it still holds; implies --delete.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" journal' -l 'journal' -d 'File that the deletions are written to first (default: in the state folder).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" p threads' -s 'p' -l 'threads' -d 'Deletions at a time.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" y yes' -s 'y' -l 'yes' -d 'Do not ask.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice gc" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" s start' -s 's' -l 'start' -d 'First name, inclusive.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" e end' -s 'e' -l 'end' -d 'Last name, inclusive.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync"' -l 'exclude' -d 'Leave out names that match; repeatable, the first match in the order given decides.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync"' -l 'include' -d 'Take names that match although a later --exclude matches them too; repeatable.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" match-full-path' -l 'match-full-path' -d 'Match whole names instead of every level of them.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" strict-filters' -l 'strict-filters' -d 'Fail on malformed patterns instead of ignoring them.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" max-size' -l 'max-size' -d 'Largest file copied.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" min-size' -l 'min-size' -d 'Smallest file copied.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" max-age' -l 'max-age' -d 'Leave out files that changed longer ago.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" min-age' -l 'min-age' -d 'Leave out files that changed since.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" limit' -l 'limit' -d 'Look at that many names only; -1 looks at all.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" u update' -s 'u' -l 'update' -d 'Replace only when the source is newer; sizes are not compared.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" f force-update' -s 'f' -l 'force-update' -d 'Copy everything without comparing.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" existing ignore-non-existing' -l 'existing' -l 'ignore-non-existing' -d 'Do not create files.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" ignore-existing' -l 'ignore-existing' -d 'Do not touch existing files.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" a archive' -s 'a' -l 'archive' -d '--dirs --perms --links --hard-links --xattrs --specials.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" dirs' -l 'dirs' -d 'Also create folders, and with --delete-dst remove empty ones.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" perms' -l 'perms' -d 'Also keep mode, owner and group.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" l links' -s 'l' -l 'links' -d 'Copy symbolic links as links.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" hard-links' -l 'hard-links' -d 'Keep several names of one file what they are.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" xattrs' -l 'xattrs' -d 'Also keep extended attributes of files and folders.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" specials' -l 'specials' -d 'Also make fifos, sockets and devices.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" delete-src' -l 'delete-src' -d 'Delete from the source what the destination has with the same bytes.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" delete-src-after' -l 'delete-src-after' -d 'Delete from the source what was copied and verified.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" trust-size' -l 'trust-size' -d 'With --delete-src: take the same size for the same bytes.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" delete-dst' -l 'delete-dst' -d 'Delete what only the destination has.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" max-delete' -l 'max-delete' -d 'With --delete-dst: delete nothing when it would be more.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" allow-empty-source' -l 'allow-empty-source' -d 'With --delete-dst: believe a source that holds nothing.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" check-all' -l 'check-all' -d 'Compare the bytes of every file, and read back what was copied.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" check-new' -l 'check-new' -d 'Read back and compare what was copied.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" check-change' -l 'check-change' -d 'Look for changes of every source during its copy, not only of large ones.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" verify' -l 'verify' -d 'stream or full, which also reads back.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" dry dry-run' -l 'dry' -l 'dry-run' -d 'Only print what would be done.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" p threads' -s 'p' -l 'threads' -d 'Transfers at a time.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" bwlimit' -l 'bwlimit' -d 'Limit in Mbit/s, 0 for none; suffixes K, M, G.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" no-https' -l 'no-https' -d 'Speak HTTP with buckets instead of HTTPS.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" max-failure' -l 'max-failure' -d 'Stop when that many objects failed; -1 goes on.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice sync" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" from' -l 'from' -d 'Begin after this version; otherwise with the oldest line, when following with the next one.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" f follow' -s 'f' -l 'follow' -d 'Wait for more lines until interrupted.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice changelog" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" subdir' -l 'subdir' -d 'Dump this directory as if it were the root.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" keep-secret-key' -l 'keep-secret-key' -d 'Leave the secrets of the settings in, sealed as they are stored.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" skip-trash' -l 'skip-trash' -d 'Leave the trash out.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" binary' -l 'binary' -d 'Write JuiceFS\'s binary format.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" fast' -l 'fast' -d 'Accepted for JuiceFS\'s scripts: nothing has to be held in memory to be fast.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" p threads' -s 'p' -l 'threads' -d 'Accepted for JuiceFS\'s scripts: one reads.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice dump" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" binary' -l 'binary' -d 'The dump is in JuiceFS\'s binary format.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" stat' -l 'stat' -d 'With --binary: show what the file holds, load nothing.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" offset' -l 'offset' -d 'With --stat: show the segment that begins at this byte; -1 shows where segments begin.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" encrypt-rsa-key' -l 'encrypt-rsa-key' -d 'The dump is encrypted with this private key.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" encrypt-algo' -l 'encrypt-algo' -d 'How: aes256gcm-rsa, chacha20-rsa or sm4gcm.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" resume' -l 'resume' -d 'Clear what an interrupted load left, and load from the start.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" force' -l 'force' -d 'Load a dump even when its footer does not fit, or when it contradicts itself.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" p threads' -s 'p' -l 'threads' -d 'Accepted for JuiceFS\'s scripts: one writes.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice load" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" p threads' -s 'p' -l 'threads' -d 'Operations at a time.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" dirs' -l 'dirs' -d 'Directories in each directory.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" depth' -l 'depth' -d 'Levels of directories.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" files' -l 'files' -d 'Files of each thread in each directory.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" keep' -l 'keep' -d 'Leave the tree there.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice mdtest" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" y yes' -s 'y' -l 'yes' -d 'Do not ask.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" force' -l 'force' -d 'Also with live clients, and metadata even when objects are left; implies --yes.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" dry-run' -l 'dry-run' -d 'Show what would be deleted.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" p threads' -s 'p' -l 'threads' -d 'Deletions at a time.' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" journal' -l 'journal' -d 'File that the deletions are written to first (default: in the state folder).' -rfka ''
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice destroy" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" json' -l 'json' -d 'Print JSON, as sluice-json(5) describes it.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" debug trace v verbose' -s 'v' -l 'verbose' -l 'debug' -l 'trace' -d 'Show more of what happens.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" q quiet' -s 'q' -l 'quiet' -d 'Show warnings and errors only.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" no-color' -l 'no-color' -d 'Never use colour; the output has none today, scripts may say so anyway.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" no-agent' -l 'no-agent' -d 'Accepted for JuiceFS\'s scripts: sluice opens no debug port.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" version' -l 'version' -d 'Show the version.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice version" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'sluice' -n '__sluice_should_offer_completions_for_flags_or_options "sluice help" version' -l 'version' -d 'Show the version.'
