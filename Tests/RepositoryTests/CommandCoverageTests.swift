// SPDX-License-Identifier: Apache-2.0
// A command is complete when it has a manual page with every option, completions, a line in the README, an
// exit status section in its help, and a test that runs it.

import Testing

@Suite("Every command")
struct CommandCoverageTests {
    @Test("Has a manual page that lists exactly its options")
    func manualPage() throws {
        let common = try optionItems(ManualPage(Repository.file("Man/sluice.1")).section("COMMON OPTIONS"))
        for command in try CommandDescription.all() {
            guard Repository.exists(command.page) else {
                Issue.record("\(command.page) is missing")
                continue
            }
            let page = try ManualPage(Repository.file(command.page))
            let listed = optionItems(page.text)
            let missing = command.longOptions.subtracting(listed).subtracting(common)
            #expect(missing.sorted() == [], "\(command.page) does not list these options of \(command.name)")
            let stale = listed.subtracting(command.longOptions)
            #expect(stale.sorted() == [], "\(command.page) lists options that \(command.name) does not have")
            #expect(page.sections.contains("EXIT STATUS"), "\(command.page)")
        }
    }

    @Test("Is in the overview page, the README and the three completions")
    func listings() throws {
        let overview = try Repository.file("Man/sluice.1").text
        let readme = try Repository.file("README.md").text
        let scripts = try ["sluice.bash", "_sluice", "sluice.fish"].map {
            try Repository.file("Completions/\($0)")
        }
        for command in try CommandDescription.all() {
            // Plain values, so that a failure does not print whole files.
            let isInOverview = overview.contains(".Xr sluice-\(command.name) 1")
            let isInReadme = readme.contains("`\(command.name)`")
            let lacking = scripts.filter { !$0.text.contains(command.name) }.map(\.path)
            #expect(isInOverview, "Man/sluice.1: \(command.name)")
            #expect(isInReadme, "README.md: \(command.name)")
            #expect(lacking == [], "\(command.name)")
        }
    }

    @Test("Explains its exit status in its help")
    func exitStatus() throws {
        let binary = try Repository.binary()
        for command in try CommandDescription.all() {
            let help = try Repository.run("'\(binary)' \(command.name) --help")
            #expect(help.status == 0, "\(command.name)")
            let isExplained = help.output.contains("EXIT STATUS")
            #expect(isExplained, "\(command.name)")
        }
    }

    @Test("Is run by a test of Tests/CommandTests")
    func commandTest() throws {
        let tests = try Repository.files(in: "Tests/CommandTests", suffix: ".swift").map(\.text)
        for command in try CommandDescription.all() {
            let isNamed = tests.contains { $0.contains("\"\(command.name)\"") }
            #expect(isNamed, "\(command.name)")
        }
    }

    @Test("Completions are what the binary generates", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let names = ["bash": "sluice.bash", "zsh": "_sluice", "fish": "sluice.fish"]
        let committed = try Repository.file("Completions/\(#require(names[shell]))")
        let generated = try Repository.run("'\(Repository.binary())' --generate-completion-script \(shell)")
        try #require(generated.status == 0)
        let isFresh = committed.text == generated.output
        #expect(isFresh, "\(committed.path) is out of date: run make completions")
    }

    /// Long options that the page defines: the `.It Fl` items.
    private func optionItems(_ text: String) -> Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix(".It Fl ") {
            let words = line.split(separator: " ")
            for (macro, name) in zip(words, words.dropFirst()) where macro == "Fl" && name.hasPrefix("-") {
                names.insert(String(name.dropFirst()))
            }
        }
        return names
    }
}
