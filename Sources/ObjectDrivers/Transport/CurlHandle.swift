// SPDX-License-Identifier: Apache-2.0
// libcurl's easy handles. Easy, not multi: a request belongs to the thread that makes it, threads are what
// the rest of the program blocks on anyway, and up to 64 of them cost no more than one loop with as many
// handles.

import CCurl
import Synchronization

/// One easy handle with the connections it keeps.
///
/// `@unchecked Sendable`: only the thread that took it from the pool touches it, and the pool's lock hands it
/// on.
@safe final class CurlHandle: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    init?() {
        guard Self.isReady, let raw = unsafe curl_easy_init() else { return nil }
        unsafe self.raw = unsafe raw
    }

    deinit {
        unsafe curl_easy_cleanup(raw)
    }

    /// What of the library is not there; nil when it is whole.
    static let missing: String? = unsafe ccurl_load().map { unsafe String(cString: $0) }

    /// Set up once, before any thread uses it.
    private static let isReady = missing == nil && curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Forgets all options and keeps the connections.
    func reset() {
        unsafe curl_easy_reset(raw)
    }

    func set(_ option: CURLoption, _ value: Int) {
        _ = unsafe ccurl_set_long(raw, option, value)
    }

    func set(_ option: CURLoption, offset value: UInt64) {
        _ = unsafe ccurl_set_offset(raw, option, curl_off_t(clamping: value))
    }

    /// The text is copied by libcurl.
    func set(_ option: CURLoption, _ value: String) {
        _ = unsafe ccurl_set_text(raw, option, value)
    }

    func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        _ = unsafe ccurl_set_pointer(raw, option, value)
    }

    /// A number that the last transfer left, 0 when there is none.
    func offset(_ info: CURLINFO) -> UInt64 {
        var value: curl_off_t = 0
        guard unsafe ccurl_get_offset(raw, info, &value) == CURLE_OK else { return 0 }
        return UInt64(clamping: value)
    }
}

/// Idle handles; the one given back last is lent first, because its connection is the warmest.
final class CurlPool: Sendable {
    private let idle = Mutex<[CurlHandle]>([])
    private static let kept = 256

    func take() -> CurlHandle? {
        idle.withLock { $0.popLast() } ?? CurlHandle()
    }

    func give(_ handle: CurlHandle) {
        idle.withLock { if $0.count < Self.kept { $0.append(handle) } }
    }
}
