// SPDX-License-Identifier: Apache-2.0
// The options of an address: those of JuiceFS 1.4.2, which also come with `_` where its client library has
// them so, and those of the library that make sense for a program with few connections. All others are
// refused by name.

import Metadata
import SluiceBase

extension RedisAddress {
    /// Applies `name=value&…`.
    mutating func apply(options text: [UInt8], _ refuse: AddressRefusal) throws(EngineError) {
        var seen: Set<String> = []
        var given: Set<String> = []
        for pair in text.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard let name = Self.decoded(halves[0]),
                let value = Self.decoded(halves.count == 2 ? halves[1] : [])
            else { throw refuse.because("a % in the options is not written %25") }
            let isPrintable = (1...40).contains(name.utf8.count) && name.utf8.allSatisfy(Self.isOptionByte)
            guard isPrintable else { throw refuse.because("an option's name is none") }
            guard seen.insert(name.spelledWithDashes).inserted else {
                throw refuse.because("the option \(name) is given twice")
            }
            // As with the peer an option without value is not given.
            guard !value.isEmpty else {
                var copy = self
                guard copy.set(name, "1s") != nil else {
                    throw refuse.because("the option \(name) is not known")
                }
                continue
            }
            guard let isGood = set(name, value) else {
                throw refuse.because("the option \(name) is not known")
            }
            given.insert(name)
            guard isGood else { throw refuse.because("the option \(name) cannot have that value") }
        }
        try checkTogether(given, refuse)
    }

    /// Whether the value was good; nil when there is no such option.
    private mutating func set(_ name: String, _ value: String) -> Bool? {
        switch name {
        case "min-retry-backoff", "min_retry_backoff": Self.set(&backoff.minimum, Self.duration(value))
        case "max-retry-backoff", "max_retry_backoff": Self.set(&backoff.maximum, Self.duration(value))
        case "read-timeout", "read_timeout": Self.set(&limits.read, Self.duration(value))
        case "write-timeout", "write_timeout": Self.set(&limits.write, Self.duration(value))
        case "dial_timeout": Self.set(&limits.connect, Self.duration(value))
        case "max_idle_conns": Self.set(&pool.idle, Int(value).flatMap { (1...1_000_000) ~= $0 ? $0 : nil })
        case "conn_max_idle_time": Self.set(&pool.idleTime, Self.duration(value))
        case "conn_max_lifetime": Self.set(&pool.lifeTime, Self.duration(value))
        case "db": Self.set(&database, Int(value).flatMap { (0...Int(Int32.max)) ~= $0 ? $0 : nil })
        case "route-read": Self.set(&readRoute, ReadRoute(rawValue: value))
        case "client-cache", "client-cache-size", "client-cache-expire", "client-cache-preload":
            // Whether a mount may answer reads of names and attributes from its memory; here every read asks
            // the server, which is what a cache has to look like from outside.
            true
        default: setTLS(name, value)
        }
    }

    private mutating func setTLS(_ name: String, _ value: String) -> Bool? {
        let isFile = !value.utf8.contains(0)
        switch name {
        case "tls-ca-cert-file": return isFile && Self.set(&givenTLS.authorityFile, value)
        case "tls-cert-file": return isFile && Self.set(&givenTLS.certificateFile, value)
        case "tls-key-file": return isFile && Self.set(&givenTLS.keyFile, value)
        case "tls-server-name": return isFile && Self.set(&givenTLS.serverName, value)
        case "insecure-skip-verify":
            // Compatibility: 1.4.2 takes any text for a yes, also "false". A certificate that nobody looked
            // at is too much for a misunderstanding.
            guard ["1", "t", "true", "yes", "on"].contains(value.lowercased()) else { return false }
            givenTLS.isInsecure = true
            return true
        default: return nil
        }
    }

    /// The options of TLS, also where the scheme asks for none: `checkTogether` refuses that.
    private var givenTLS: TLSOptions {
        get { tls ?? TLSOptions() }
        set { tls = newValue }
    }

    private func checkTogether(_ names: Set<String>, _ refuse: AddressRefusal) throws(EngineError) {
        let forTLS = names.filter { $0.hasPrefix("tls-") || $0 == "insecure-skip-verify" }.sorted()
        if let name = forTLS.first, !refuse.shown.hasPrefix("rediss://") {
            throw refuse.because("the option \(name) needs an address that begins with rediss://")
        }
        guard (tls?.certificateFile == nil) == (tls?.keyFile == nil) else {
            throw refuse.because("tls-cert-file and tls-key-file go together")
        }
        guard backoff.minimum <= backoff.maximum else {
            throw refuse.because("min-retry-backoff is longer than max-retry-backoff")
        }
    }

    // MARK: Values

    private static func set<Value>(_ field: inout Value, _ value: Value?) -> Bool {
        guard let value else { return false }
        field = value
        return true
    }

    private static func set<Value>(_ field: inout Value?, _ value: Value?) -> Bool {
        guard let value else { return false }
        field = value
        return true
    }

    /// A time of a millisecond to a day.
    private static func duration(_ text: String) -> Duration? {
        do throws(UnitError) {
            let duration = try parseDuration(text)
            return (.milliseconds(1))...(.seconds(86400)) ~= duration ? duration : nil
        } catch {
            return nil
        }
    }

    /// Options are written as in forms of the web: `+` is a blank.
    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        let plus = UInt8(ascii: "+")
        return percentDecoded(text.map { $0 == plus ? 0x20 : $0 }).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    private static func isOptionByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension String {
    fileprivate var spelledWithDashes: String {
        String(decoding: utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }, as: UTF8.self)
    }
}
