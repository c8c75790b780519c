// SPDX-License-Identifier: Apache-2.0
// What a line of the change log says between its time and its author (metadata-format §5.12). Names and
// arguments are those of JuiceFS 1.4.2; what they mean for the file system is said at the operations.

import SluiceBase
import VolumeModel

/// One change, as the log tells it: `OP(arguments):result`.
struct Change {
    /// An argument or result.
    enum Word {
        case unsigned(UInt64)
        case signed(Int64)
        case flag(Bool)
        case bytes([UInt8])
    }

    private let operation: String
    private let words: [Word]
    private let result: Word?

    init(_ operation: String, _ words: [Word], result: Word? = nil) {
        self.operation = operation
        self.words = words
        self.result = result
    }

    var text: [UInt8] {
        var text = Array(operation.utf8)
        text.append(UInt8(ascii: "("))
        for (index, word) in words.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            word.append(to: &text)
        }
        text.append(UInt8(ascii: ")"))
        guard let result else { return text }
        text.append(UInt8(ascii: ":"))
        result.append(to: &text)
        return text
    }
}

extension Change.Word {
    static func inode(_ inode: Inode) -> Self { .unsigned(inode.number) }

    static func name(_ name: ByteString) -> Self { .bytes(name.bytes) }

    static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }

    static func number(_ number: some UnsignedInteger) -> Self { .unsigned(UInt64(number)) }

    fileprivate func append(to text: inout [UInt8]) {
        switch self {
        case .unsigned(let number): text += String(number).utf8
        case .signed(let number): text += String(number).utf8
        case .flag(let flag): text += (flag ? "true" : "false").utf8
        case .bytes(let bytes): for byte in bytes { Self.append(byte, to: &text) }
        }
    }

    /// What would end a word, or is not printable ASCII, is written as `%XX`.
    private static func append(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case 0..<32, 127..., UInt8(ascii: ","), UInt8(ascii: "%"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "\""), UInt8(ascii: "\\"):
            text.append(UInt8(ascii: "%"))
            text.append(hexDigit(byte >> 4))
            text.append(hexDigit(byte & 15))
        default: text.append(byte)
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
