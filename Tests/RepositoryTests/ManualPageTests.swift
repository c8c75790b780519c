// SPDX-License-Identifier: Apache-2.0
// The pages of Man/ as mdoc sources.

import Testing

/// The mdoc source of a page.
struct ManualPage {
    let text: String

    init(_ file: RepositoryFile) {
        text = file.text
    }

    var sections: [String] {
        text.split(separator: "\n").filter { $0.hasPrefix(".Sh ") }.map { String($0.dropFirst(4)) }
    }

    /// The lines between a section's heading and the next heading; empty when there is no such section.
    func section(_ name: String) -> String {
        let lines = text.split(separator: "\n").drop { $0 != ".Sh \(name)" }.dropFirst()
        return lines.prefix { !$0.hasPrefix(".Sh ") }.joined(separator: "\n")
    }
}

@Suite("Manual pages")
struct ManualPageTests {
    @Test("Every page is named as its file, and pages refer only to pages that exist")
    func references() throws {
        let pages = try Repository.files(in: "Man")
        let own = Set(pages.map { $0.path.dropFirst("Man/".count) })
        for page in pages {
            let parts = page.path.dropFirst("Man/".count).split(separator: ".")
            let title = ".Dt \(parts[0].uppercased()) \(parts[1])"
            let hasTitle = page.text.contains(title)
            #expect(hasTitle, "\(page.path)")
            for line in page.text.split(separator: "\n") where line.hasPrefix(".Xr sluice") {
                let words = line.split(separator: " ")
                #expect(own.contains("\(words[1]).\(words[2])"), "\(page.path): \(line)")
            }
        }
    }
}
