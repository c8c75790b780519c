// SPDX-License-Identifier: Apache-2.0
// Include and exclude rules on names, with the results of JuiceFS 1.4.2 (sync.md §a.4, whose table is in the
// tests).

package import SluiceBase

/// One `--include` or `--exclude`.
package struct NameRule: Sendable {
    package let isInclude: Bool
    package let pattern: ByteString
    /// The components from left to right.
    let elements: [PatternElement]
    /// Compared from the root on instead of from the end of the path.
    let isAnchored: Bool
    /// Takes directories only, where a path is looked at level by level.
    let wantsDirectory: Bool

    /// - Throws: `CodecError` for a pattern that Go's path.Match calls malformed.
    package init(include: Bool, _ pattern: ByteString) throws(CodecError) {
        isInclude = include
        self.pattern = pattern
        let parts = pattern.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        isAnchored = parts.count > 1 && parts[0].isEmpty
        var elements: [PatternElement] = []
        for part in isAnchored ? parts[1...] : parts[...] {
            elements.append(
                part.elementsEqual("***".utf8) ? .everythingBelow : .glob(try GlobElement(Array(part)))
            )
        }
        self.elements = elements
        wantsDirectory =
            switch elements.last {
            case .everythingBelow: true
            case .glob(let glob): glob.isEmpty
            case nil: false
            }
    }

    /// What people may expect of the pattern and do not get, nil when there is nothing to say.
    package var surprise: String? {
        let text = Array(pattern.bytes)
        func contains(_ part: StaticString) -> Bool {
            let part = Array(part.description.utf8)
            guard text.count >= part.count else { return false }
            return (0...text.count - part.count).contains { text[$0..<$0 + part.count].elementsEqual(part) }
        }
        if contains("[!") { return "'!' is a member of the brackets here; '^' negates" }
        if contains("[[:") { return "classes like [[:alpha:]] are not known and match nothing useful" }
        return nil
    }

    func matches(_ path: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        var failures = Set<Remainder>()
        return isAnchored
            ? Self.fromStart(elements[...], path, &failures) : Self.fromEnd(elements[...], path, &failures)
    }

    private typealias Path = ArraySlice<ArraySlice<UInt8>>

    /// What was left of the pattern and of the path where they did not match.
    ///
    /// Several `**` reach the same remainder in very many ways; each is looked at once.
    private struct Remainder: Hashable {
        let elements: Int
        let path: Int
    }

    private static func fromStart(
        _ elements: ArraySlice<PatternElement>,
        _ path: Path,
        _ failures: inout Set<Remainder>,
    ) -> Bool {
        guard let first = elements.first, let name = path.first else {
            return elements.isEmpty && path.isEmpty
        }
        switch first {
        case .everythingBelow: return true
        case .glob(let glob) where glob.crossesSlash:
            let remainder = Remainder(elements: elements.count, path: path.count)
            guard !failures.contains(remainder) else { return false }
            for count in 1...path.count where glob.matches(joined(path.prefix(count))) {
                if fromStart(elements.dropFirst(), path.dropFirst(count), &failures) { return true }
            }
            failures.insert(remainder)
            return false
        case .glob(let glob):
            return glob.matches(name) && fromStart(elements.dropFirst(), path.dropFirst(), &failures)
        }
    }

    private static func fromEnd(
        _ elements: ArraySlice<PatternElement>,
        _ path: Path,
        _ failures: inout Set<Remainder>,
    ) -> Bool {
        guard let last = elements.last else { return true }
        guard let name = path.last else { return false }
        let glob: GlobElement?
        switch last {
        case .everythingBelow: glob = nil
        case .glob(let element) where element.crossesSlash: glob = element
        case .glob(let element):
            return element.matches(name) && fromEnd(elements.dropLast(), path.dropLast(), &failures)
        }
        let remainder = Remainder(elements: elements.count, path: path.count)
        guard !failures.contains(remainder) else { return false }
        for count in 1...path.count where glob?.matches(joined(path.suffix(count))) ?? true {
            if fromEnd(elements.dropLast(), path.dropLast(count), &failures) { return true }
        }
        failures.insert(remainder)
        return false
    }

    private static func joined(_ path: Path) -> ArraySlice<UInt8> {
        guard path.count > 1 else { return path.first ?? [] }
        return ArraySlice(path.joined(separator: [UInt8(ascii: "/")]))
    }
}

/// A component of a pattern.
enum PatternElement: Sendable {
    case glob(GlobElement)
    /// `***`: this directory and everything below.
    case everythingBelow
}

/// The rules in the order in which they were given.
package struct NameRules: Sendable {
    package var rules: [NameRule]
    /// Match whole keys once instead of every level of them.
    package var matchesFullPath: Bool

    package init(_ rules: [NameRule] = [], matchesFullPath: Bool = false) {
        self.rules = rules
        self.matchesFullPath = matchesFullPath
    }

    /// Rules filter nothing unless one of them excludes (JuiceFS 1.4.2).
    package var areEffective: Bool { rules.contains { !$0.isInclude } }

    /// Whether the rules leave a key in.
    package func admit(_ key: ByteString) -> Bool {
        guard areEffective else { return true }
        let parts = key.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        return matchesFullPath ? admitWhole(parts) : admitByLevel(parts)
    }

    private func admitWhole(_ parts: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        rules.first { $0.matches(parts) }?.isInclude ?? true
    }

    private func admitByLevel(_ parts: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        for level in parts.indices where !parts[level].isEmpty {
            let path = parts[...level]
            let isDirectory = level < parts.endIndex - 1
            let decisive = rules.first { rule in
                rule.matches(isDirectory && rule.wantsDirectory ? path + [[]] : path)
            }
            if let decisive, !decisive.isInclude { return false }
        }
        return true
    }
}
