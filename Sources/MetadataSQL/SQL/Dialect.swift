// SPDX-License-Identifier: Apache-2.0

/// Where SQL engines differ.
struct Dialect: Sendable {
    /// Fragments by the name that stands in `{{…}}`.
    let fragments: [String: String]
    /// Counts whether a table exists; its parameter is the table's name as text.
    let tableExists: Query
    /// The statements that make the tables; names as in `Query`.
    let schema: [String]
    /// The statements that make the table of objects.
    let blobSchema: [String]
    /// Bytes of the largest object.
    let largestBlob: UInt64
    /// What stands around the name of a table.
    var quote = ""
    /// Whether parameters are `$1`, `$2`, … instead of `?`.
    var numbersParameters = false
    /// Whether several transactions write at a time, so that rows have to be locked and a duplicate key may
    /// be one that another client has just made.
    var writesConcurrently = false
    /// The largest number that a column of type `INTEGER` holds.
    var largestInteger = Int64.max
    /// Whether text columns hold nothing but UTF-8.
    var textIsUnicode = false

    /// Fills in fragments, table names and parameters.
    ///
    /// `{node}` becomes the table's name as statements spell it, `{=node}` the bare name.
    /// - Parameter prefix: what stands before each table's name: `jfs_` or `jfs_PREFIX_`.
    func render(_ text: String, prefix: String) -> String {
        var result = ""
        var parameters = 0
        var rest = Substring(withFragments(text))
        while let mark = rest.firstIndex(where: { $0 == "{" || $0 == "?" && numbersParameters }) {
            result += rest[..<mark]
            rest = rest[mark...]
            guard rest.first == "{", let close = rest.firstIndex(of: "}") else {
                parameters += 1
                result += "$\(parameters)"
                rest = rest.dropFirst()
                continue
            }
            let name = rest[..<close].dropFirst()
            result += name.first == "=" ? prefix + name.dropFirst() : quote + prefix + name + quote
            rest = rest[close...].dropFirst()
        }
        return result + rest
    }

    private func withFragments(_ text: String) -> String {
        fragments.reduce(text) { text, fragment in
            let parts = text.split(separator: "{{\(fragment.key)}}", omittingEmptySubsequences: false)
            return parts.joined(separator: fragment.value)
        }
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
