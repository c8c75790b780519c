// SPDX-License-Identifier: Apache-2.0

/// Where SQL engines differ in their texts.
struct Dialect: Sendable {
    /// Fragments by the name that stands in `{{…}}`.
    let fragments: [String: String]
    /// Counts whether a table exists; its parameter is the table's name as text.
    let tableExists: Query
    /// The statements that make the tables; names as in `Query`.
    let schema: [String]

    /// Fills in table names and fragments.
    /// - Parameter prefix: what stands before each table's name: `jfs_` or `jfs_PREFIX_`.
    func render(_ text: String, prefix: String) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...].dropFirst()
            let isFragment = rest.first == "{"
            if isFragment { rest = rest.dropFirst() }
            guard let close = rest.firstIndex(of: "}") else { break }
            let name = String(rest[..<close])
            result += isFragment ? render(fragments[name] ?? "", prefix: prefix) : prefix + name
            rest = rest[close...].dropFirst(isFragment ? 2 : 1)
        }
        return result + rest
    }
}

/// The tables of a volume, without prefix (metadata-format §3.1).
enum Tables {
    static let all = [
        "setting", "counter", "edge", "node", "symlink", "xattr", "chunk", "chunk_ref", "delslices",
        "session2",
        "sustained", "delfile", "flock", "plock", "dir_quota", "user_group_quota", "dir_stats",
        "detached_node",
        "acl", "delegation_token", "change_log",
    ]

    /// Tables that old versions made and no current client uses.
    static let legacy = ["session"]
}
