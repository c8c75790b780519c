// SPDX-License-Identifier: Apache-2.0

package import SluiceBase

/// The texts of a small document by the names of their elements; of equal names the first.
///
/// Enough for answers without repetitions: errors, upload ids, copied ETags.
package struct XMLFields: Hashable, Sendable {
    private var texts: [String: String] = [:]
    /// The name of the outermost element.
    package private(set) var root = ""
    /// The most elements that are looked at.
    private static let limit = 256

    package init(_ document: [UInt8]) throws(CodecError) {
        let reader = try XMLReader(document)
        var name = ""
        var text: [UInt8] = []
        var count = 0
        while let event = try reader.next() {
            switch event {
            case .start(let started):
                if root.isEmpty { root = started }
                name = started
                text = []
                count += 1
                guard count <= Self.limit else { throw CodecError("XML", "more than \(Self.limit) elements") }
            case .text(let run): text += run
            case .end(let ended):
                if ended == name, texts[name] == nil { texts[name] = String(decoding: text, as: UTF8.self) }
                name = ""
            }
        }
    }

    package subscript(name: String) -> String? { texts[name] }
}
