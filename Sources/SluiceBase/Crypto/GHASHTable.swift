// SPDX-License-Identifier: Apache-2.0
// GHASH of NIST SP 800-38D with a table of 256 products (Shoup's method). A 128-bit field element is kept as two
// words in GCM's bit order: the coefficient of x^0 is the top bit of `high`.

/// An element of GCM's field.
private struct FieldElement: Sendable {
    var high: UInt64
    var low: UInt64

    /// Times x: one bit further, reduced by x^128 + x^7 + x^2 + x + 1.
    func timesX() -> FieldElement {
        let carry = low & 1
        return FieldElement(
            high: high >> 1 ^ (carry == 1 ? 0xE100_0000_0000_0000 : 0),
            low: low >> 1 | high << 63
        )
    }

    static func ^ (left: FieldElement, right: FieldElement) -> FieldElement {
        FieldElement(high: left.high ^ right.high, low: left.low ^ right.low)
    }
}

/// The products of one hash key with every byte.
struct GHASHTable: Sendable {
    /// Entry b is H times the polynomial whose coefficients of x^0...x^7 are b's bits from the top one down.
    private let products: [FieldElement]

    /// What a byte that falls off the end adds at the front: the byte times x^128, reduced.
    private static let reductions: [UInt64] = (0..<256).map { byte in
        var element = FieldElement(high: 0, low: UInt64(byte))
        for _ in 0..<8 { element = element.timesX() }
        return element.high
    }

    /// - Parameter key: the block cipher of 16 zero bytes.
    init(_ key: [UInt8]) {
        var products = [FieldElement](repeating: FieldElement(high: 0, low: 0), count: 256)
        var power = FieldElement(high: Self.word(key[...], 0), low: Self.word(key[...], 8))
        var bit = 128
        while bit > 0 {
            products[bit] = power
            power = power.timesX()
            bit >>= 1
        }
        for byte in 1..<256 where byte & (byte - 1) != 0 {
            let lowest = byte & -byte
            products[byte] = products[lowest] ^ products[byte ^ lowest]
        }
        self.products = products
    }

    /// The hash of both texts, each padded with zeros to whole blocks, and of the block of their lengths.
    func hash(_ ciphertext: ArraySlice<UInt8>, additional: [UInt8]) -> [UInt8] {
        var sum = FieldElement(high: 0, low: 0)
        absorb(additional[...], into: &sum)
        absorb(ciphertext, into: &sum)
        let lengths = FieldElement(high: UInt64(additional.count) * 8, low: UInt64(ciphertext.count) * 8)
        sum = times(sum ^ lengths)
        var writer = ByteWriter(capacity: 16)
        writer.write(sum.high)
        writer.write(sum.low)
        return writer.bytes
    }

    private func absorb(_ text: ArraySlice<UInt8>, into sum: inout FieldElement) {
        for start in stride(from: text.startIndex, to: text.endIndex, by: 16) {
            let block = text[start..<min(start + 16, text.endIndex)]
            sum = times(sum ^ FieldElement(high: Self.word(block, 0), low: Self.word(block, 8)))
        }
    }

    /// `element` times the hash key, by Horner's rule from the last byte to the first.
    private func times(_ element: FieldElement) -> FieldElement {
        var result = FieldElement(high: 0, low: 0)
        for shift in stride(from: 0, to: 128, by: 8) {
            let word = shift < 64 ? element.low : element.high
            let byte = Int(word >> UInt64(shift & 63) & 0xFF)
            let fallen = Int(result.low & 0xFF)
            result = FieldElement(
                high: result.high >> 8 ^ Self.reductions[fallen],
                low: result.low >> 8 | result.high << 56
            )
            result = result ^ products[byte]
        }
        return result
    }

    /// The big-endian word at `offset` of a block, missing bytes as zeros.
    private static func word(_ block: ArraySlice<UInt8>, _ offset: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in offset..<offset + 8 {
            let place = block.startIndex + index
            word = word << 8 | (place < block.endIndex ? UInt64(block[place]) : 0)
        }
        return word
    }
}
