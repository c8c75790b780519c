// SPDX-License-Identifier: Apache-2.0
// Blanks comments, the contents of string literals and raw identifiers. Code inside an interpolation is code.
// Regex literals between slashes are not understood; the tree has none.

/// One pass over a source file.
struct SwiftMasker {
    private let source: [UInt8]
    private var output: [UInt8]
    private var index = 0
    /// The literals around the current position, innermost last, each with the parentheses that are open in
    /// its interpolation.
    private var interpolations: [(literal: Literal, depth: Int)] = []

    private struct Literal {
        let hashes: Int
        let isMultiline: Bool
    }

    init(source: [UInt8]) {
        self.source = source
        output = source
    }

    mutating func masked() -> [UInt8] {
        while index < source.count {
            step()
        }
        return output
    }

    private mutating func step() {
        if has("//") { return blank(while: { $0 != UInt8(ascii: "\n") }) }
        if has("/*") { return blankBlockComment() }
        if source[index] == UInt8(ascii: "`") { return blankRawIdentifier() }
        if let literal = literalStart() { return blankString(literal) }
        if let last = interpolations.last {
            if source[index] == UInt8(ascii: "(") { interpolations[interpolations.count - 1].depth += 1 }
            if source[index] == UInt8(ascii: ")") {
                interpolations[interpolations.count - 1].depth -= 1
                if last.depth == 1 {
                    interpolations.removeLast()
                    index += 1
                    return blankString(last.literal)
                }
            }
        }
        index += 1
    }

    private func has(_ text: StaticString, at offset: Int = 0) -> Bool {
        let wanted = Array(text.description.utf8)
        let start = index + offset
        return start + wanted.count <= source.count
            && source[start..<(start + wanted.count)].elementsEqual(wanted)
    }

    private mutating func blankByte() {
        if source[index] != UInt8(ascii: "\n") { output[index] = UInt8(ascii: " ") }
        index += 1
    }

    private mutating func blank(while condition: (UInt8) -> Bool) {
        while index < source.count, condition(source[index]) { blankByte() }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        while index < source.count {
            if has("/*") {
                depth += 1
                blankByte()
            } else if has("*/") {
                depth -= 1
                blankByte()
            }
            if index < source.count { blankByte() }
            if depth == 0 { return }
        }
    }

    private mutating func blankRawIdentifier() {
        index += 1
        blank(while: { $0 != UInt8(ascii: "`") && $0 != UInt8(ascii: "\n") })
        index += 1
    }

    /// Steps over the opening quotes of a literal when one starts here.
    private mutating func literalStart() -> Literal? {
        var hashes = 0
        while index + hashes < source.count, source[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
        guard has("\"", at: hashes) else { return nil }
        let isMultiline = has("\"\"\"", at: hashes)
        index += hashes + (isMultiline ? 3 : 1)
        return Literal(hashes: hashes, isMultiline: isMultiline)
    }

    /// Blanks up to the end of the literal, or up to an interpolation, which `step` then reads as code.
    private mutating func blankString(_ literal: Literal) {
        let quotes = literal.isMultiline ? 3 : 1
        while index < source.count {
            if isRun(UInt8(ascii: "\""), count: quotes, at: index),
                isRun(UInt8(ascii: "#"), count: literal.hashes, at: index + quotes)
            {
                index += quotes + literal.hashes
                return
            }
            if source[index] == UInt8(ascii: "\n"), !literal.isMultiline { return }
            let escape = index + 1 + literal.hashes
            if source[index] == UInt8(ascii: "\\"),
                isRun(UInt8(ascii: "#"), count: literal.hashes, at: index + 1),
                escape < source.count
            {
                let isInterpolation = source[escape] == UInt8(ascii: "(")
                while index <= escape { blankByte() }
                if isInterpolation {
                    interpolations.append((literal, 1))
                    return
                }
                continue
            }
            blankByte()
        }
    }

    private func isRun(_ byte: UInt8, count: Int, at start: Int) -> Bool {
        start + count <= source.count && source[start..<(start + count)].allSatisfy { $0 == byte }
    }
}
