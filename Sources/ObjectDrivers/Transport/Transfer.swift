// SPDX-License-Identifier: Apache-2.0
// One request while it runs: what libcurl's callbacks read and write. All of them run on the thread that
// performs the request.

import CCurl
import ObjectStorage
import SluiceBase

/// The state of one transfer.
@safe final class Transfer {
    private let body: (any ByteSource)?
    private let bodyLength: UInt64
    private let sink: HTTPSink?
    private let answerLimit: Int
    private let settings: HTTPSettings

    private(set) var head = HTTPHead(status: 0)
    private var headBytes = 0
    private(set) var collected: [UInt8] = []
    private(set) var delivered: UInt64 = 0
    private(set) var sent: UInt64 = 0
    /// Why we ended the transfer ourselves.
    private(set) var failure: TransportError?

    private var lastMove = MonotonicTime.now
    private var moved: (received: curl_off_t, sent: curl_off_t) = (0, 0)

    /// The most bytes of all header lines together.
    private static let headLimit = 256 << 10

    init(_ request: HTTPRequest, _ settings: HTTPSettings, _ sink: HTTPSink?) {
        body = request.body
        bodyLength = request.body?.length ?? 0
        answerLimit = request.answerLimit
        self.settings = settings
        unsafe self.sink = unsafe sink
    }

    /// Goes back to the first byte, when libcurl sends again over a new connection.
    func rewind() -> Bool {
        do {
            try body?.rewind()
            sent = 0
            return true
        } catch {
            failure = TransportError(.ended, "the source failed", cause: error)
            return false
        }
    }

    /// Takes a header line with its line end.
    func receive(line: UnsafeRawBufferPointer) -> Bool {
        headBytes += line.count
        guard headBytes <= Self.headLimit else {
            failure = TransportError(.tooLarge, "the answer's head is too large")
            return false
        }
        var bytes = unsafe Array(line)
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        if bytes.starts(with: "HTTP/".utf8) {
            let words = bytes.split(separator: UInt8(ascii: " "), maxSplits: 2)
            let digits = words.count > 1 ? String(decoding: words[1], as: UTF8.self) : ""
            head = HTTPHead(status: Int(digits) ?? 0)
        } else {
            head.headers.append(line: bytes)
        }
        return true
    }

    /// Takes a run of the answer's body.
    func receive(body run: UnsafeRawBufferPointer) -> Bool {
        defer { lastMove = .now }
        guard head.isSuccess, let sink = unsafe sink else { return unsafe collect(run) }
        do {
            try unsafe sink(head, run)
            delivered += UInt64(run.count)
            return true
        } catch {
            failure = TransportError(.ended, "the receiver ended the transfer", cause: error)
            return false
        }
    }

    private func collect(_ run: UnsafeRawBufferPointer) -> Bool {
        if collected.count + run.count <= answerLimit {
            unsafe collected.append(contentsOf: run)
            return true
        }
        // What a failed request has to say beyond this is not needed.
        guard head.isSuccess else { return true }
        failure = TransportError(.tooLarge, "the answer is larger than \(answerLimit) bytes")
        return false
    }

    /// Fills libcurl's buffer from the source; nil ends the transfer.
    func send(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        defer { lastMove = .now }
        guard let body else { return 0 }
        let room = min(buffer.count, Int(clamping: bodyLength - min(sent, bodyLength)))
        guard room > 0 else { return 0 }
        do {
            let count = try unsafe body.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
            guard count > 0 else {
                failure = TransportError(.ended, "the source ended early", cause: SourceEnded(after: sent))
                return nil
            }
            sent += UInt64(count)
            return count
        } catch {
            failure = TransportError(.ended, "the source failed", cause: error)
            return nil
        }
    }

    /// Looks at the clock and at the cancellation; false ends the transfer.
    func goOn(received: curl_off_t, sent: curl_off_t) -> Bool {
        if settings.cancellation?.isCancelled == true {
            failure = TransportError(.cancelled, "cancelled")
            return false
        }
        let now = MonotonicTime.now
        if moved != (received, sent) {
            moved = (received, sent)
            lastMove = now
        }
        let waitsForAnswer = head.status == 0 && self.sent >= bodyLength
        let limit = waitsForAnswer ? settings.firstByteSeconds : settings.stallSeconds
        guard now - lastMove > .seconds(limit) else { return true }
        let what = waitsForAnswer ? "no answer" : "nothing moved"
        failure = TransportError(.timedOut, "\(what) for \(Int(limit)) s")
        return false
    }
}

/// A source that gave fewer bytes than it announced.
struct SourceEnded: Error, CustomStringConvertible {
    let after: UInt64
    var description: String { "the source ended after \(after) bytes" }
}

// MARK: Callbacks

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    // Not retained: `HTTPTransport.perform` keeps the transfer alive until libcurl returns.
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

extension CurlHandle {
    /// Lets libcurl call this transfer.
    func connect(to transfer: Transfer) {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA] {
            unsafe set(option, pointer: context)
        }
        unsafe set(CURLOPT_SEEKDATA, pointer: context)
        unsafe set(CURLOPT_XFERINFODATA, pointer: context)
        set(CURLOPT_NOPROGRESS, 0)
        _ = unsafe ccurl_set_data(raw, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            let run = unsafe UnsafeRawBufferPointer(start: data, count: size &* count)
            return unsafe ObjectDrivers.transfer(context)?.receive(line: run) == true ? run.count : 0
        }
        _ = unsafe ccurl_set_data(raw, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            let run = unsafe UnsafeRawBufferPointer(start: data, count: size &* count)
            // 0 would be taken for success of an empty run.
            let isTaken = unsafe ObjectDrivers.transfer(context)?.receive(body: run) == true
            return isTaken ? run.count : run.count &+ 1
        }
        _ = unsafe ccurl_set_data(raw, CURLOPT_READFUNCTION) { data, size, count, context in
            let room = unsafe UnsafeMutableRawBufferPointer(start: data, count: size &* count)
            return unsafe ObjectDrivers.transfer(context)?.send(into: room) ?? Int(CURL_READFUNC_ABORT)
        }
        _ = unsafe ccurl_set_seek(raw) { context, offset, origin in
            guard offset == 0, origin == 0 else { return Int32(CURL_SEEKFUNC_CANTSEEK) }
            let done = unsafe ObjectDrivers.transfer(context)?.rewind() == true
            return Int32(done ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL)
        }
        _ = unsafe ccurl_set_progress(raw) { context, _, received, _, sent in
            unsafe ObjectDrivers.transfer(context)?.goOn(received: received, sent: sent) == true ? 0 : 1
        }
    }
}
