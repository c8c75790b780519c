// SPDX-License-Identifier: Apache-2.0
// A reading of Swift source that is good enough for our own formatted files: comments, string contents and
// raw identifiers are blanked (lines stay where they are), words and function bodies are found in what
// remains.

/// Swift source with everything blanked that is not code.
struct SwiftText: Sendable {
    /// Same length and same newlines as the file; blanked bytes are spaces.
    let code: [UInt8]

    init(_ source: [UInt8]) {
        var masker = SwiftMasker(source: source)
        code = masker.masked()
    }

    var lines: [ArraySlice<UInt8>] {
        code.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// Identifiers and keywords with the byte before and after them and their line (from 1).
    var words: [Word] {
        var words: [Word] = []
        var line = 1
        var start: Int?
        for index in 0...code.count {
            let byte = index < code.count ? code[index] : UInt8(ascii: "\n")
            if isWordByte(byte) {
                start = start ?? index
                continue
            }
            if let begin = start {
                words.append(
                    Word(
                        text: String(decoding: code[begin..<index], as: UTF8.self),
                        offset: begin,
                        line: line,
                        before: begin > 0 ? code[begin - 1] : nil,
                        after: index < code.count ? byte : nil
                    )
                )
                start = nil
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
        }
        return words
    }

    /// Functions, initialisers and deinitialisers that have a body.
    var functions: [Function] {
        words.compactMap { word in
            guard ["func", "init", "deinit"].contains(word.text), word.before != UInt8(ascii: "."),
                let body = bodyStart(after: word.offset + word.text.utf8.count),
                let end = closingBrace(from: body)
            else { return nil }
            let newlines = code[word.offset...end].count { $0 == UInt8(ascii: "\n") }
            return Function(line: word.line, lineCount: newlines + 1)
        }
    }

    struct Word: Sendable {
        let text: String
        let offset: Int
        let line: Int
        let before: UInt8?
        let after: UInt8?
    }

    struct Function: Sendable {
        let line: Int
        let lineCount: Int
    }

    /// The brace that opens the body; nil for a requirement of a protocol, which ends where the next begins.
    private func bodyStart(after offset: Int) -> Int? {
        var depth = 0
        var index = offset
        while index < code.count {
            switch code[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return index
            case UInt8(ascii: "}") where depth == 0: return nil
            case UInt8(ascii: "\n") where depth == 0 && startsDeclaration(at: index + 1): return nil
            default: break
            }
            index += 1
        }
        return nil
    }

    private func startsDeclaration(at offset: Int) -> Bool {
        let line = code[offset...].prefix { $0 != UInt8(ascii: "\n") }
        let first = line.drop { $0 == UInt8(ascii: " ") }.prefix { isWordByte($0) || $0 == UInt8(ascii: "@") }
        let starts = [
            "func", "init", "var", "let", "static", "mutating", "associatedtype", "package", "private",
        ]
        return first.first == UInt8(ascii: "@") || starts.contains(String(decoding: first, as: UTF8.self))
    }

    private func closingBrace(from open: Int) -> Int? {
        var depth = 0
        for index in open..<code.count {
            if code[index] == UInt8(ascii: "{") { depth += 1 }
            if code[index] == UInt8(ascii: "}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return nil
    }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
        true
    default: false
    }
}
