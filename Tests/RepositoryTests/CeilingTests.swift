// SPDX-License-Identifier: Apache-2.0
// The limits that keep files and functions readable, and the calls that the house rules forbid.

import Testing

@Suite("House rules")
struct CeilingTests {
    private static let fileLines = 800
    private static let lineColumns = 110
    private static let functionLines = 70

    private func swiftFiles(in folders: [String] = ["Sources", "Tests"]) throws -> [RepositoryFile] {
        try folders.flatMap { try Repository.files(in: $0, suffix: ".swift") }
    }

    @Test("Files, lines and functions stay below their ceilings")
    func ceilings() throws {
        for file in try swiftFiles() {
            let lines = file.lines
            #expect(lines.count <= Self.fileLines, "\(file.path) has \(lines.count) lines")
            for (index, line) in lines.enumerated() {
                let columns = String(decoding: line, as: UTF8.self).count
                #expect(columns <= Self.lineColumns, "\(file.path):\(index + 1) has \(columns) columns")
            }
            for function in SwiftText(file.bytes).functions where function.lineCount > Self.functionLines {
                Issue.record("\(file.path):\(function.line): a function of \(function.lineCount) lines")
            }
        }
    }

    @Test("Every file starts with its licence line")
    func heads() throws {
        let scripts =
            try Repository.files(in: "Tests", suffix: ".sh") + Repository.files(in: "Tests", suffix: ".py")
        let sources = try ["c", "h"].flatMap { try Repository.files(in: "Sources", suffix: ".\($0)") }
        for file in try swiftFiles() + sources + scripts {
            let head = file.lines.prefix(2).map { String(decoding: $0, as: UTF8.self) }
            let hasLicence = head.contains { $0.contains("SPDX-License-Identifier: Apache-2.0") }
            #expect(hasLicence, "\(file.path)")
        }
    }

    @Test("Nothing is left as a note to do later")
    func notes() throws {
        // Put together here, so that this file does not find itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for file in try swiftFiles() + Repository.files(in: "Tests", suffix: ".sh") {
            let words = file.bytes.split { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
            let found = Set(words.map { String(decoding: $0, as: UTF8.self) }).intersection(marks)
            #expect(found == [], "\(file.path)")
        }
    }

    @Test("Only the command prints and exits")
    func output() throws {
        for file in try swiftFiles(in: ["Sources"]) where !file.path.hasPrefix("Sources/sluice/") {
            for word in SwiftText(file.bytes).words
            where ["print", "debugPrint", "exit", "_exit"].contains(word.text)
                && word.after == UInt8(ascii: "(")
            {
                Issue.record("\(file.path):\(word.line): \(word.text)")
            }
        }
    }

    @Test("Foreign data cannot trap by a forced try or a fatal error, and nothing is public")
    func forbiddenWords() throws {
        for file in try swiftFiles(in: ["Sources"]) {
            for word in SwiftText(file.bytes).words {
                let isForced = word.text == "try" && word.after == UInt8(ascii: "!")
                if isForced || word.text == "fatalError" || word.text == "public" {
                    Issue.record("\(file.path):\(word.line): \(word.text)")
                }
            }
        }
    }
}
