// SPDX-License-Identifier: Apache-2.0
// Reading XML with libxml2's pull reader: no document types, no entities of the document's own, no network,
// and the library's own bounds on depth and lengths.

import CXML2
package import SluiceBase

/// What a document consists of, for those who need neither attributes nor namespaces.
package enum XMLEvent: Hashable, Sendable {
    /// The local name.
    case start(String)
    /// A run of text; one text may come in several.
    case text([UInt8])
    case end(String)
}

/// Walks through a document that is in memory.
///
/// One thread at a time.
@safe package final class XMLReader {
    private let bytes: UnsafeMutableBufferPointer<CChar>
    private let reader: xmlTextReaderPtr
    /// An empty element is a start and an end for whoever reads.
    private var pendingEnd: String?
    private static let isReady: Bool = {
        xmlInitParser()
        return true
    }()

    /// - Throws: `CodecError` when the document is too large for the library.
    package init(_ document: [UInt8]) throws(CodecError) {
        guard Self.isReady, let length = Int32(exactly: document.count), length > 0 else {
            throw CodecError("XML", "\(document.count) bytes")
        }
        unsafe bytes = .allocate(capacity: document.count)
        for (index, byte) in document.enumerated() { unsafe bytes[index] = CChar(bitPattern: byte) }
        let options =
            XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
        guard
            let reader = unsafe xmlReaderForMemory(bytes.baseAddress, length, nil, nil, Int32(options))
        else {
            unsafe bytes.deallocate()
            throw CodecError("XML", "no reader")
        }
        unsafe self.reader = unsafe reader
    }

    deinit {
        unsafe xmlFreeTextReader(reader)
        unsafe bytes.deallocate()
    }

    /// The next event, nil at the end of the document.
    /// - Throws: `CodecError` when the document is not well-formed, or has a document type.
    package func next() throws(CodecError) -> XMLEvent? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        while true {
            switch unsafe xmlTextReaderRead(reader) {
            case 0: return nil
            case 1: if let event = try event() { return event }
            default: throw CodecError("XML", "not well-formed")
            }
        }
    }

    private func event() throws(CodecError) -> XMLEvent? {
        // The numbers of xmlReaderTypes.
        switch unsafe xmlTextReaderNodeType(reader) {
        case 1:
            let name = try name()
            if unsafe xmlTextReaderIsEmptyElement(reader) == 1 { pendingEnd = name }
            return .start(name)
        case 15: return .end(try name())
        case 3, 4, 14:
            guard let value = unsafe xmlTextReaderConstValue(reader) else { return nil }
            return .text(unsafe Array(UnsafeBufferPointer(start: value, count: Int(xmlStrlen(value)))))
        case 5, 6, 10: throw CodecError("XML", "a document type or an entity of its own")
        default: return nil
        }
    }

    private func name() throws(CodecError) -> String {
        guard let name = unsafe xmlTextReaderConstLocalName(reader) else {
            throw CodecError("XML", "an element without name")
        }
        return unsafe String(cString: name)
    }
}

/// XML that we write ourselves.
package enum XMLText {
    /// The text as the content of an element.
    package static func escaped(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "&"): text += "&amp;".utf8
            case UInt8(ascii: "<"): text += "&lt;".utf8
            case UInt8(ascii: ">"): text += "&gt;".utf8
            case UInt8(ascii: "\r"): text += "&#13;".utf8
            default: text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
