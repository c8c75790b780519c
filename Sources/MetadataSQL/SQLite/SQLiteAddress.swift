// SPDX-License-Identifier: Apache-2.0
// `sqlite3://PATH?options` (metadata-format §2). The options are those of JuiceFS's driver that make sense
// for several clients of one file; others are refused by name rather than ignored.

import Glibc
package import Metadata

/// What an address says besides the path.
struct SQLiteOptions: Hashable, Sendable {
    /// Journal modes that survive a crash.
    enum Journal: String, CaseIterable {
        case wal, delete, truncate, persist
    }

    /// When SQLite waits for the disk, by the number of the pragma.
    enum Synchronous: Int, CaseIterable {
        case off, normal, full, extra
    }

    /// Nil leaves a file in the mode that it has.
    var journal: Journal? = .wal
    /// Nil is normal, which the driver of JuiceFS 1.4.2 is built with.
    ///
    /// A power cut may undo the last commits then; commands that delete objects after a commit ask for full.
    var synchronous: Synchronous?
    /// Milliseconds.
    var busyTimeout: Int32 = 5000
    /// Pages, or KiB when negative; nil leaves SQLite's own.
    var cacheSize: Int64?
    var isReadOnly = false
    /// `jfs_` or `jfs_PREFIX_`.
    var tablePrefix = "jfs_"
    var pool = PoolLimits()
}

/// A parsed address.
package struct SQLiteAddress: Hashable, Sendable {
    /// Absolute, or relative with a leading `./`, so that no name has a special meaning for SQLite.
    package let path: String
    var options: SQLiteOptions
    /// As given.
    let text: String

    /// Reads an address without looking at the file.
    /// - Throws: `EngineError.invalidAddress` for another scheme, no path, or an option that is not known.
    package init(_ text: String) throws(EngineError) {
        self.text = text
        guard let scheme = ["sqlite3://", "sqlite://"].first(where: { text.hasPrefix($0) }) else {
            throw Self.invalid(text, "it must begin with sqlite3://")
        }
        let parts = text.dropFirst(scheme.count).split(
            separator: "?",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let path = parts.first.map(String.init) ?? ""
        guard !path.isEmpty else { throw Self.invalid(text, "it names no file") }
        guard path != ":memory:" else { throw Self.invalid(text, "a database in memory holds no volume") }
        guard !path.utf8.contains(0) else { throw Self.invalid(text, "the path contains a NUL") }
        self.path = path.hasPrefix("/") ? path : "./" + path
        var options = SQLiteOptions()
        options.pool.idle = max(2, 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        if parts.count == 2 {
            for option in parts[1].split(separator: "&") {
                let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                try Self.apply(
                    String(pair[0]),
                    pair.count == 2 ? String(pair[1]) : "",
                    to: &options,
                    of: text
                )
            }
        }
        self.options = options
    }

    private static func invalid(_ text: String, _ reason: String) -> EngineError {
        EngineError(.invalidAddress, "read the address", address: text, reason: reason)
    }

    private static func apply(
        _ name: String,
        _ value: String,
        to options: inout SQLiteOptions,
        of text: String,
    ) throws(EngineError) {
        let isKnown: Bool
        switch name {
        case "_journal", "_journal_mode":
            isKnown = set(&options.journal, SQLiteOptions.Journal(rawValue: value.lowercased()))
        case "_synchronous", "_sync":
            isKnown = set(&options.synchronous, synchronous(value))
        case "_timeout", "_busy_timeout":
            isKnown = set(&options.busyTimeout, Int32(value).flatMap { $0 >= 0 ? $0 : nil })
        case "_cache_size":
            isKnown = set(&options.cacheSize, Int64(value))
        case "cache":
            // Both are about connections inside one process; ours never share a page cache.
            isKnown = value == "shared" || value == "private"
        case "_txlock":
            // Write transactions always begin as `immediate`, which protects at least as much as `deferred`.
            isKnown = value == "deferred" || value == "immediate"
        case "mode":
            isKnown = value == "ro" || value == "rw"
            options.isReadOnly = value == "ro"
        case "table_prefix":
            isKnown = TablePrefix.isValid(value)
            options.tablePrefix = TablePrefix.full(value)
        default:
            guard let known = options.pool.apply(name, value) else {
                throw invalid(text, "the option \(name) is not known")
            }
            isKnown = known
        }
        guard isKnown else { throw invalid(text, "the option \(name) cannot be '\(value)'") }
    }

    private static func set<Value>(_ field: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        field = value
        return true
    }

    /// For fields that may be unset: without it a value that cannot be read would count as unset.
    private static func set<Value>(_ field: inout Value?, _ value: Value?) -> Bool {
        guard let value else { return false }
        field = value
        return true
    }

    private static func synchronous(_ value: String) -> SQLiteOptions.Synchronous? {
        if let number = Int(value) { return SQLiteOptions.Synchronous(rawValue: number) }
        return SQLiteOptions.Synchronous.allCases.first { "\($0)" == value.lowercased() }
    }
}
