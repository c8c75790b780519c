// SPDX-License-Identifier: Apache-2.0
// The targets of Package.swift and their dependencies, read from its text: the declarations are written in
// four known forms, and reading them takes no second run of the package manager while a test runs.

/// Target names with the names that they depend on.
struct PackageManifest {
    private(set) var targets: [String: Set<String>] = [:]

    init(_ file: RepositoryFile) {
        for form in ["library(", "tests(", ".target(", ".executableTarget("] {
            var rest = file.text[...]
            while let start = rest.firstRange(of: form) {
                rest = rest[start.upperBound...]
                read(declaration: rest, form: form)
            }
        }
    }

    private mutating func read(declaration: Substring, form: String) {
        let argument = declaration.drop(while: \.isWhitespace)
        guard argument.hasPrefix("\"") || argument.hasPrefix("name: \"") else { return }
        let body = argument.prefix(upTo: closingParenthesis(of: argument))
        let name = body.split(separator: "\"", maxSplits: 2).dropFirst(argument.hasPrefix("\"") ? 0 : 1).first
        guard let name else { return }
        let list = body.drop { $0 != "[" }
        guard form != ".target(" || body.contains("dependencies:") else { return }
        let end = body.firstRange(of: "path:")?.lowerBound ?? body.endIndex
        targets[String(name)] = quoted(in: list.prefix(upTo: max(end, list.startIndex)))
    }

    private func closingParenthesis(of text: Substring) -> Substring.Index {
        var depth = 1
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return index }
        }
        return text.endIndex
    }

    /// Quoted names, without those that name a package.
    private func quoted(in list: Substring) -> Set<String> {
        let parts = list.split(separator: "\"", omittingEmptySubsequences: false)
        var names: Set<String> = []
        for index in stride(from: 1, to: parts.count, by: 2) where !parts[index - 1].hasSuffix("package: ") {
            names.insert(String(parts[index]))
        }
        return names
    }
}
