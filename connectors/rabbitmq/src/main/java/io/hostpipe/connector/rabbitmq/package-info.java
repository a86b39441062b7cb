/** Queues of RabbitMQ, over AMQP 0-9-1. */
@NullMarked
package io.hostpipe.connector.rabbitmq;

import org.jspecify.annotations.NullMarked;
