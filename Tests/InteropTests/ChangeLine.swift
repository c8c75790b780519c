// SPDX-License-Identifier: Apache-2.0
// Lines of two change logs, made comparable: what depends on the moment is left out, numbers are named by the
// order in which they appear.

import SluiceBase

/// Brings the lines of one change log into a form that is the same for the same operations.
struct ChangeLines {
    /// What the arguments of an operation are: `i` inode, `s` slice, `o` lock owner, `h` trash directory,
    /// `t` a time or process, `u` whether the parent was touched, `-` compared as it is.
    private static let arguments: [String: (words: String, result: Character)] = [
        "CREATE": ("i--------u", "i"), "WRITE": ("i--s-tt", "-"), "TRUNCATE": ("i---", "-"),
        "FALLOCATE": ("i---", "-"), "COPYFILERANGE": ("i-i--", "-"), "SETATTR": ("i------tttttt-", "-"),
        "UNLINK": ("i-h-u", "i"), "RMDIR": ("i-h", "i"), "MOVE": ("i-i--ih", "i"), "LINK": ("ii-u", "-"),
        "SETXATTR": ("i---", "-"), "REMOVEXATTR": ("i-", "-"), "SETFACL": ("i--", "-"),
        "CLONE": ("ii-i---", "i"), "ATTACH": ("ii-", "-"), "COMPACTCHUNK": ("i----s-", "-"),
        "DELCHUNK": ("i-", "-"), "DELETESLICE": ("s-", "-"), "DELSUSTAINED": ("ti", "-"),
        "FLOCK": ("io-", "-"), "SETLK": ("io---t", "-"),
    ]
    /// What clients do when it suits them.
    private static let own: Set = ["INCR_COUNTER", "NEWSESSION", "CLEANSESSION", "SET", "DIRSTAT"]
    private static let trash = "9223372032828243968"

    private var names: [String: String] = [:]

    /// - Parameter entries: of the log, oldest first.
    static func comparable(_ entries: [String]) throws -> [String] {
        var lines = ChangeLines()
        return try entries.compactMap { try lines.comparable($0) }
    }

    /// Nil for lines that clients write for themselves.
    private mutating func comparable(_ line: String) throws -> String? {
        let parts = line.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 3, let open = parts[1].firstIndex(of: "("),
            let close = parts[1].lastIndex(of: ")")
        else { throw ProgramLine(line: line) }
        let operation = String(parts[1][..<open])
        guard !Self.own.contains(operation) else { return nil }
        let inside = parts[1][parts[1].index(after: open)..<close]
        var words = inside.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let kinds = Self.arguments[operation], kinds.words.count == words.count else {
            throw ProgramLine(line: line)
        }
        // Hours are made at the first rename by the real program, at the first removal by ours.
        if operation == "CREATE", words[0] == Self.trash { return nil }
        // The trash says nothing where it took nothing.
        if operation == "MOVE", words[5] == "0" || words[4] == "2" { words[6] = "0" }
        let shown = zip(words, kinds.words).map { name($0, $1) }
        let result = parts[1][parts[1].index(after: close)...].dropFirst()
        return "\(operation)(\(shown.joined(separator: ",")))\(name(String(result), kinds.result))"
    }

    private mutating func name(_ word: String, _ kind: Character) -> String {
        switch kind {
        case "i", "s", "o":
            guard word != "0" else { return "0" }
            let known = names["\(kind)\(word)"] ?? "\(kind)\(names.count)"
            names["\(kind)\(word)"] = known
            return known
        case "h": return word == "0" ? "0" : "hour"
        case "u": return "-"
        // Times that a test chose are compared.
        case "t": return ["981173106", "789000000"].contains(word) ? word : "time"
        default: return word
        }
    }
}

/// A line that no operation writes.
struct ProgramLine: Error {
    var line: String
}
