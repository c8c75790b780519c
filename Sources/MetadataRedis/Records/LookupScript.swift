// SPDX-License-Identifier: Apache-2.0
// An entry and the attributes of its node in one round trip. The node's key is known only to the script, so
// this is for servers without a cluster, where any key may be named. A node whose number a double cannot hold
// is left to the caller, as everything else that looks unusual.

/// The script by which a directory entry is looked up.
enum LookupScript {
    /// Answers nothing for a name that is not there, else the entry, and behind it the attributes of the
    /// node, null when there is none.
    ///
    /// The entry alone says that the caller must ask for the node.
    static let text = """
        local entry = redis.call('HGET', KEYS[1], ARGV[1])
        if not entry then return false end
        if #entry ~= 9 then return {entry} end
        local number = 0
        for place = 2, 9 do number = number * 256 + string.byte(entry, place) end
        if number >= 4503599627370496 then return {entry} end
        local node = redis.call('GET', 'i' .. string.format('%.0f', number))
        return {entry, node}
        """
}
