package io.hostpipe.runtime.tls;

/**
 * What addresses of the carrier above are called, for texts that say where somebody should have
 * gone.
 *
 * @param secured with TLS
 * @param plain without
 */
public record TlsSchemes(String secured, String plain) {}
