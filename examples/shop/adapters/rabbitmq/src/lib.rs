//! The shop's queue.

use anyhow::{Context, Result};
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use shop_lifecycle::patiently;
use tokio::sync::Mutex;

/// `RabbitMQ`, which tells the workers of new orders.
#[orch::service(
    kind = "messaging",
    image = "rabbitmq:3.13-management",
    id = "rabbitmq",
    file("/etc/rabbitmq/conf.d/50-shop.conf", source = "rabbitmq.conf"),
    resources(cpu = "250m", memory = "384Mi", memory_limit = "768Mi")
)]
pub struct RabbitMq;

const QUEUE: &str = "orders";

/// The queue of orders; it connects again by itself.
pub struct Queue {
    url: orch::Binding,
    link: Mutex<Option<(Connection, Channel)>>,
}

/// Connects, and makes the queue if it is not there.
pub async fn connect() -> Result<Queue> {
    let queue = Queue {
        url: orch::binding("AMQP_URL")?,
        link: Mutex::default(),
    };
    patiently("RabbitMQ", || queue.ping()).await?;
    Ok(queue)
}

impl Queue {
    /// Whether the broker answers.
    pub async fn ping(&self) -> Result<()> {
        declare(&self.channel().await?).await
    }

    /// Sends a text, and waits until the broker has it safe.
    pub async fn send(&self, text: &str) -> Result<()> {
        let channel = self.channel().await?;
        let persistent = BasicProperties::default().with_delivery_mode(2);
        let options = BasicPublishOptions::default();
        channel
            .basic_publish(
                "".into(),
                QUEUE.into(),
                options,
                text.as_bytes(),
                persistent,
            )
            .await?
            .await?;
        Ok(())
    }

    /// The texts that were sent, each until it is [`done`](Message::done).
    pub async fn messages(&self) -> Result<Messages> {
        let channel = self.channel().await?;
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(QUEUE.into(), "".into(), options, FieldTable::default())
            .await?;
        Ok(Messages(consumer))
    }

    async fn channel(&self) -> Result<Channel> {
        let mut link = self.link.lock().await;
        if let Some((connection, channel)) = &*link
            && connection.status().connected()
            && channel.status().connected()
        {
            return Ok(channel.clone());
        }
        let connection =
            Connection::connect(self.url.as_str(), ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        channel.basic_qos(8, BasicQosOptions::default()).await?;
        declare(&channel).await?;
        *link = Some((connection, channel.clone()));
        Ok(channel)
    }
}

async fn declare(channel: &Channel) -> Result<()> {
    channel
        .queue_declare(
            QUEUE.into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        )
        .await?;
    Ok(())
}

/// Texts as they come in.
pub struct Messages(lapin::Consumer);

impl Messages {
    /// The next one; an error when the connection is lost.
    pub async fn next(&mut self) -> Result<Message> {
        Ok(Message(
            self.0.next().await.context("the connection was closed")??,
        ))
    }
}

/// A text, kept by the broker until it is done.
pub struct Message(lapin::message::Delivery);

impl Message {
    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.data).into_owned()
    }

    /// Nobody needs to see it again.
    pub async fn done(self) -> Result<()> {
        self.0.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    /// Somebody has to try again.
    pub async fn again(self) -> Result<()> {
        self.0
            .nack(BasicNackOptions {
                requeue: true,
                ..BasicNackOptions::default()
            })
            .await?;
        Ok(())
    }
}
