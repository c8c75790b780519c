// SPDX-License-Identifier: Apache-2.0
// TLS over any other socket. OpenSSL gets and leaves its records in memory, and the socket below carries
// them: so its limits of time hold, a lost connection is an error and no signal, and errors are told in one
// way.

import CSSL
package import Metadata

/// An encrypted stream to a server whose certificate was looked at.
@safe package final class TLSSocket: RedisSocket {
    private let socket: any RedisSocket
    private let context: TLSContext
    private let address: String
    // Owned by this object from init to deinit; the session owns both buffers.
    private let session: OpaquePointer
    private let received: OpaquePointer
    private let toSend: OpaquePointer

    /// Shakes hands over a connected socket, which belongs to this object then.
    /// - Parameter host: the name or address that the socket is connected to.
    /// - Throws: `EngineError.denied` when the certificate is not trusted or ours is missing; `.unreachable`
    /// when the server does not speak TLS or goes away.
    package init(
        over socket: any RedisSocket,
        _ context: TLSContext,
        host: String,
        address: String
    ) throws(EngineError) {
        guard let session = unsafe context.makeSession(to: host), let received = unsafe BIO_new(BIO_s_mem()),
            let toSend = unsafe BIO_new(BIO_s_mem())
        else {
            throw EngineError(.failed, "begin TLS", address: address, reason: TLSErrors.takeFirst())
        }
        unsafe SSL_set_bio(session, received, toSend)
        unsafe (self.session, self.received, self.toSend) = unsafe (session, received, toSend)
        self.socket = socket
        self.context = context
        self.address = address
        try handshake()
    }

    deinit {
        unsafe SSL_free(session)
    }

    private func handshake() throws(EngineError) {
        while true {
            ERR_clear_error()
            let result = unsafe SSL_do_handshake(session)
            let cause = unsafe SSL_get_error(session, result)
            if result == 1 { return try flush() }
            guard cause == SSL_ERROR_WANT_READ else { throw refusal() }
            do throws(EngineError) {
                try flush()
                if try fill() { continue }
            } catch {
                throw failure(.unreachable, "\(error.reason) before TLS began; \(Self.plainHint)")
            }
            throw failure(
                .unreachable,
                "the server closed the connection before TLS began; \(Self.plainHint)"
            )
        }
    }

    package func write(_ bytes: [UInt8]) throws(EngineError) {
        ERR_clear_error()
        var written = 0
        // The buffer in memory takes everything at once.
        let result = unsafe bytes.withUnsafeBytes { buffer in
            unsafe buffer.isEmpty ? 1 : SSL_write_ex(session, buffer.baseAddress, buffer.count, &written)
        }
        guard result == 1 else { throw refusal() }
        do throws(EngineError) {
            try flush()
        } catch {
            throw alert() ?? error
        }
    }

    /// What the server said before it closed the connection: with TLS 1.3 it looks at our certificate when we
    /// already take the connection for standing.
    private func alert() -> EngineError? {
        do throws(EngineError) {
            while try fill() {}
        } catch {
            // What came before the end counts.
        }
        ERR_clear_error()
        var byte: UInt8 = 0
        var count = 0
        let result = unsafe SSL_read_ex(session, &byte, 1, &count)
        guard result != 1, unsafe SSL_get_error(session, result) == SSL_ERROR_SSL else { return nil }
        return refusal()
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        while true {
            ERR_clear_error()
            var count = 0
            let result = unsafe SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
            if result == 1 { return count }
            switch unsafe SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ:
                // A new key or a ticket may have to be answered.
                try flush()
                do throws(EngineError) {
                    guard try fill() else { return 0 }
                } catch {
                    throw alert() ?? error
                }
            case SSL_ERROR_ZERO_RETURN: return 0
            default: throw refusal()
            }
        }
    }

    package var isQuiet: Bool { socket.isQuiet }

    package func close() {
        socket.close()
    }

    // MARK: Records

    /// Sends what OpenSSL wants sent.
    private func flush() throws(EngineError) {
        let waiting = unsafe BIO_ctrl_pending(toSend)
        guard waiting > 0 else { return }
        let records = unsafe [UInt8](unsafeUninitializedCapacity: waiting) { buffer, count in
            var read = 0
            unsafe BIO_read_ex(toSend, buffer.baseAddress, buffer.count, &read)
            count = read
        }
        try socket.write(records)
    }

    /// Waits for further records.
    /// - Returns: false at the end of the stream.
    private func fill() throws(EngineError) -> Bool {
        var failure: EngineError?
        var count = 0
        unsafe withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 16) { buffer in
            do throws(EngineError) {
                count = unsafe try socket.read(into: buffer)
                var written = 0
                if count > 0 { unsafe BIO_write_ex(received, buffer.baseAddress, count, &written) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return count > 0
    }

    // MARK: Errors

    private static let plainHint = "redis:// is without TLS"

    /// Why OpenSSL stopped, in words; what it still wanted to tell the server is sent.
    private func refusal() -> EngineError {
        let reason = cssl_reason(ERR_peek_error())
        let text = TLSErrors.takeFirst()
        do throws(EngineError) { try flush() } catch {}
        let verdict = unsafe SSL_get_verify_result(session)
        switch reason {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            let why = unsafe String(cString: X509_verify_cert_error_string(verdict))
            return failure(.denied, "the server's certificate is not trusted: \(why)")
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_UNEXPECTED_MESSAGE:
            return failure(
                .unreachable,
                "the server does not speak TLS on this port; \(Self.plainHint)"
            )
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            return failure(.denied, "the server does not take our certificate, or asks for one: \(text)")
        default:
            return failure(.unreachable, text)
        }
    }

    private func failure(_ code: EngineError.Code, _ reason: String) -> EngineError {
        EngineError(code, "talk TLS", address: address, reason: reason)
    }
}
