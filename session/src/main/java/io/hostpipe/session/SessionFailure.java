package io.hostpipe.session;

/**
 * Why a session is over before its streams are.
 *
 * @param code of {@link Code}
 * @param reason one line for a person
 * @param byPeer whether the peer said so
 */
public record SessionFailure(int code, String reason, boolean byPeer) {}
