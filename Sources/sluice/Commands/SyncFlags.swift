// SPDX-License-Identifier: Apache-2.0
// The options of `sync` by subject, with the names and meanings of JuiceFS 1.4.2 where it has them.

import ArgumentParser
import BucketSync
import SluiceBase

struct SyncSelectionFlags: ParsableArguments {
    @Option(name: [.customShort("s"), .long], help: "First name, inclusive.")
    var start: String?

    @Option(name: [.customShort("e"), .long], help: "Last name, inclusive.")
    var end: String?

    @Option(help: "Leave out names that match; repeatable, the first match in the order given decides.")
    var exclude: [String] = []

    @Option(help: "Take names that match although a later --exclude matches them too; repeatable.")
    var include: [String] = []

    @Flag(help: "Match whole names instead of every level of them.")
    var matchFullPath = false

    @Flag(help: "Fail on malformed patterns instead of ignoring them.")
    var strictFilters = false

    @Option(help: ArgumentHelp("Largest file copied.", valueName: "size"))
    var maxSize: String?

    @Option(help: ArgumentHelp("Smallest file copied.", valueName: "size"))
    var minSize: String?

    @Option(help: ArgumentHelp("Leave out files that changed longer ago.", valueName: "duration"))
    var maxAge: String?

    @Option(help: ArgumentHelp("Leave out files that changed since.", valueName: "duration"))
    var minAge: String?

    @Option(help: "Look at that many names only; -1 looks at all.")
    var limit: Int64 = -1

    @Flag(
        name: [.customShort("u"), .long],
        help: "Replace only when the source is newer; sizes are not compared."
    )
    var update = false

    @Flag(name: [.customShort("f"), .long], help: "Copy everything without comparing.")
    var forceUpdate = false

    @Flag(name: [.long, .customLong("ignore-non-existing")], help: "Do not create files.")
    var existing = false

    @Flag(help: "Do not touch existing files.")
    var ignoreExisting = false

    func validate() throws {
        guard limit >= -1 else { throw ValidationError("--limit must be -1 or more") }
    }

    /// - Parameter arguments: the command line, for the order of --include and --exclude.
    func apply(to options: inout SyncOptions, arguments: [String], warn: (String) -> Void) throws {
        options.comparison.update = update
        options.comparison.forceUpdate = forceUpdate
        options.comparison.existingOnly = existing
        options.comparison.ignoreExisting = ignoreExisting
        options.selection.start = start.map { ByteString($0) }
        options.selection.end = end.map { ByteString($0) }
        if let maxSize { options.selection.maximumSize = try parseBytes(maxSize) }
        if let minSize { options.selection.minimumSize = try parseBytes(minSize) }
        let now = SystemClock().now()
        options.selection.changedSince = try maxAge.map { now.advanced(bySeconds: -(try Self.seconds($0))) }
        options.selection.changedUntil = try minAge.map { now.advanced(bySeconds: -(try Self.seconds($0))) }
        options.selection.limit = UInt64(exactly: limit)
        options.selection.names = try rules(arguments, warn)
    }

    private static func seconds(_ text: String) throws -> Int64 {
        try parseDuration(text).components.seconds
    }

    private func rules(_ arguments: [String], _ warn: (String) -> Void) throws -> NameRules {
        var rules: [NameRule] = []
        for (isInclude, pattern) in Self.patterns(in: arguments) where !pattern.isEmpty {
            do {
                let rule = try NameRule(include: isInclude, ByteString(pattern))
                if let surprise = rule.surprise {
                    guard !strictFilters else {
                        throw Failure("pattern '\(pattern)': \(surprise)", status: .usage)
                    }
                    warn("warning: pattern '\(pattern)': \(surprise)")
                }
                rules.append(rule)
            } catch let error as CodecError {
                guard !strictFilters else { throw Failure("pattern '\(pattern)': \(error)", status: .usage) }
                warn("warning: the malformed pattern '\(pattern)' is ignored: \(error)")
            }
        }
        let names = NameRules(rules, matchesFullPath: matchFullPath)
        if !rules.isEmpty, !names.areEffective { warn("warning: --include has no effect without --exclude") }
        return names
    }

    /// The patterns of --include and --exclude in the order in which they stand.
    static func patterns(in arguments: [String]) -> [(isInclude: Bool, pattern: String)] {
        var found: [(Bool, String)] = []
        var rest = arguments[...]
        while let argument = rest.popFirst(), argument != "--" {
            for (name, isInclude) in [("--include", true), ("--exclude", false)] {
                if argument == name, let pattern = rest.popFirst() {
                    found.append((isInclude, pattern))
                } else if argument.hasPrefix(name + "=") {
                    found.append((isInclude, String(argument.dropFirst(name.count + 1))))
                }
            }
        }
        return found
    }
}

struct SyncActionFlags: ParsableArguments {
    @Flag(name: [.customShort("a"), .long], help: "--dirs --perms --links --hard-links --xattrs --specials.")
    var archive = false

    @Flag(help: "Also create folders, and with --delete-dst remove empty ones.")
    var dirs = false

    @Flag(help: "Also keep mode, owner and group.")
    var perms = false

    @Flag(name: [.customShort("l"), .long], help: "Copy symbolic links as links.")
    var links = false

    @Flag(help: "Keep several names of one file what they are.")
    var hardLinks = false

    @Flag(help: "Also keep extended attributes of files and folders.")
    var xattrs = false

    @Flag(help: "Also make fifos, sockets and devices.")
    var specials = false

    @Flag(help: "Delete from the source what the destination has with the same bytes.")
    var deleteSrc = false

    @Flag(help: "Delete from the source what was copied and verified.")
    var deleteSrcAfter = false

    @Flag(help: "With --delete-src: take the same size for the same bytes.")
    var trustSize = false

    @Flag(help: "Delete what only the destination has.")
    var deleteDst = false

    @Option(help: ArgumentHelp("With --delete-dst: delete nothing when it would be more.", valueName: "n|p%"))
    var maxDelete: String?

    @Flag(help: "With --delete-dst: believe a source that holds nothing.")
    var allowEmptySource = false

    @Flag(help: "Compare the bytes of every file, and read back what was copied.")
    var checkAll = false

    @Flag(help: "Read back and compare what was copied.")
    var checkNew = false

    @Flag(help: "Look for changes of every source during its copy, not only of large ones.")
    var checkChange = false

    @Option(help: ArgumentHelp("stream or full, which also reads back.", valueName: "mode"))
    var verify: VerifyMode = .stream

    enum VerifyMode: String, ExpressibleByArgument {
        case stream, full
    }

    func apply(to options: inout SyncOptions) throws {
        options.fidelity.directories = dirs || archive
        options.fidelity.permissions = perms || archive
        options.fidelity.symlinks = links || archive
        options.fidelity.hardLinks = hardLinks || archive
        options.fidelity.attributes = xattrs || archive
        options.fidelity.specials = specials || archive
        options.removal.sourceIfEqual = deleteSrc
        options.removal.sourceAfterCopy = deleteSrcAfter
        options.removal.trustsSize = trustSize
        options.removal.extras = deleteDst
        options.removal.allowsEmptySource = allowEmptySource
        options.removal.bound = try maxDelete.map(Self.bound)
        options.comparison.content = checkAll
        options.checksChange = checkChange
        options.verification = verify == .full || checkNew || checkAll ? .full : .stream
    }

    private static func bound(_ text: String) throws -> Removal.Bound {
        if text.hasSuffix("%"), let share = Int(text.dropLast()), (0...100).contains(share) {
            return .percent(share)
        }
        if let count = UInt64(text) { return .objects(count) }
        throw Failure("--max-delete: '\(text)' is neither a number nor a percentage", status: .usage)
    }
}
