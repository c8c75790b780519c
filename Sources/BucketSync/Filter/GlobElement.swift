// SPDX-License-Identifier: Apache-2.0
// One component of a pattern, as Go's path.Match reads it (sync.md §a.4), with `**` that crosses `/` in
// addition. Matching walks a set of positions, so that no pattern takes more than pattern × name steps.

import SluiceBase

/// A compiled pattern component.
struct GlobElement: Sendable {
    private enum Token: Sendable {
        case literal(UInt8)
        /// One character other than `/`.
        case anyCharacter
        case oneOf([ClosedRange<UInt32>], negated: Bool)
        /// A run without `/`.
        case star
        /// Any run.
        case doubleStar
    }

    private var tokens: [Token] = []
    /// The bytes to compare with, when there is nothing but literals.
    private var plain: [UInt8]? = []
    /// Whether it may match across `/`.
    private(set) var crossesSlash = false

    /// Matches exactly nothing.
    var isEmpty: Bool { tokens.isEmpty }

    /// - Throws: `CodecError` for an open bracket, an empty or reversed range, or a `\` at the end.
    init(_ pattern: [UInt8]) throws(CodecError) {
        var reader = PatternReader(bytes: pattern)
        while let byte = reader.next() {
            switch byte {
            case UInt8(ascii: "*"):
                guard reader.take(UInt8(ascii: "*")) else {
                    tokens.append(.star)
                    break
                }
                crossesSlash = true
                tokens.append(.doubleStar)
            case UInt8(ascii: "?"): tokens.append(.anyCharacter)
            case UInt8(ascii: "["):
                let negated = reader.take(UInt8(ascii: "^"))
                tokens.append(.oneOf(try reader.ranges(), negated: negated))
            case UInt8(ascii: "\\"):
                guard let escaped = reader.next() else { throw reader.error("a \\ at the end") }
                tokens.append(.literal(escaped))
            default: tokens.append(.literal(byte))
            }
        }
        for token in tokens {
            guard case .literal(let byte) = token else {
                plain = nil
                return
            }
            plain?.append(byte)
        }
    }

    /// Whether the whole of `name` matches.
    func matches(_ name: ArraySlice<UInt8>) -> Bool {
        if let plain { return name.elementsEqual(plain) }
        let count = name.count
        var reached = [Bool](repeating: false, count: count + 1)
        reached[0] = true
        for token in tokens {
            var next = [Bool](repeating: false, count: count + 1)
            for position in 0...count where reached[position] {
                advance(over: token, from: position, of: name, into: &next)
            }
            reached = next
        }
        return reached[count]
    }

    private func advance(
        over token: Token,
        from position: Int,
        of name: ArraySlice<UInt8>,
        into next: inout [Bool]
    ) {
        let slash = UInt8(ascii: "/")
        let index = name.startIndex + position
        switch token {
        case .star, .doubleStar:
            var crossesSlash = false
            if case .doubleStar = token { crossesSlash = true }
            // A mark here was made from an earlier position, together with all that could follow.
            if next[position] { return }
            for end in index...name.endIndex {
                next[end - name.startIndex] = true
                if end < name.endIndex, name[end] == slash, !crossesSlash { return }
            }
        case .literal(let byte):
            if index < name.endIndex, name[index] == byte { next[position + 1] = true }
        case .anyCharacter:
            guard index < name.endIndex, name[index] != slash else { return }
            next[position + Character.width(name[index...])] = true
        case .oneOf(let ranges, let negated):
            guard index < name.endIndex, name[index] != slash else { return }
            let scalar = Character.scalar(name[index...])
            if ranges.contains(where: { $0.contains(scalar) }) != negated {
                next[position + Character.width(name[index...])] = true
            }
        }
    }

    /// A character as Go reads it: a byte that is no UTF-8 stands for U+FFFD.
    private enum Character {
        static func decode(_ bytes: ArraySlice<UInt8>) -> (scalar: UInt32, width: Int) {
            if let first = bytes.first, first < 0x80 { return (UInt32(first), 1) }
            var decoder = UTF8()
            var iterator = bytes.prefix(4).makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return (0xFFFD, 1) }
            return (scalar.value, UTF8.width(scalar))
        }

        static func scalar(_ bytes: ArraySlice<UInt8>) -> UInt32 { decode(bytes).scalar }
        static func width(_ bytes: ArraySlice<UInt8>) -> Int { decode(bytes).width }
    }
}

/// The bytes of a pattern from left to right.
private struct PatternReader {
    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func next() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    func error(_ reason: String) -> CodecError {
        CodecError("pattern", at: offset, reason)
    }

    /// What stands between brackets; at least one member.
    mutating func ranges() throws(CodecError) -> [ClosedRange<UInt32>] {
        var ranges: [ClosedRange<UInt32>] = []
        while ranges.isEmpty || !take(UInt8(ascii: "]")) {
            let low = try member()
            let high = take(UInt8(ascii: "-")) ? try member() : low
            // Compatibility: a reversed range is no error in Go, it matches nothing (JuiceFS 1.4.2).
            ranges.append(low <= high ? low...high : 0x11_0000...0x11_0000)
        }
        return ranges
    }

    private mutating func member() throws(CodecError) -> UInt32 {
        guard offset < bytes.count, ![UInt8(ascii: "-"), UInt8(ascii: "]")].contains(bytes[offset]) else {
            throw error("a bracket without an end or without a member")
        }
        if take(UInt8(ascii: "\\")), offset == bytes.count { throw error("a \\ at the end") }
        var decoder = UTF8()
        var iterator = bytes[offset...].prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else {
            throw error("a byte that is no UTF-8")
        }
        offset += UTF8.width(scalar)
        return scalar.value
    }
}
