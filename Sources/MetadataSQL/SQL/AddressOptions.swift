// SPDX-License-Identifier: Apache-2.0
// Options that the addresses of all SQL engines have (metadata-format §2).

extension PoolLimits {
    /// Takes an option; values are numbers of connections or seconds.
    /// - Returns: whether the value was good; nil when the option is not one of the pool's.
    mutating func apply(_ name: String, _ value: String) -> Bool? {
        let number = Int(value).flatMap { (0...1_000_000) ~= $0 ? $0 : nil }
        switch name {
        case "max_open_conns": open = number ?? open
        case "max_idle_conns": idle = number ?? idle
        case "max_idle_time": idleTime = number.map(Int64.init) ?? idleTime
        case "max_life_time": lifeTime = number.map(Int64.init) ?? lifeTime
        default: return nil
        }
        return number != nil
    }
}

/// What stands before the names of a volume's tables.
enum TablePrefix {
    /// The prefix that the option `table_prefix` makes: `jfs_` or `jfs_PREFIX_`.
    static func full(_ option: String) -> String {
        option.isEmpty ? "jfs_" : "jfs_\(option)_"
    }

    /// Letters, digits and `_`: table names stand unquoted in statements.
    static func isValid(_ option: String) -> Bool {
        option.utf8.count <= 64
            && option.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
