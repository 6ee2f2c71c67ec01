//! Processes orders: marks them in the database and tells the packers by mail.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result};
use orch::health::Health;
use shop_lifecycle::{arrival, log};
use shop_postgres::Pool;
use shop_rabbitmq::{Message, Messages, Queue};
use shop_smtp::Mailer;
use tokio::time::{interval, sleep};

/// Written to `/tmp` as long as work goes on; the health check looks at its age.
const ALIVE: &str = "shop-worker-alive";
/// How often the worker looks for orders that nobody told it of.
const ROUND: Duration = Duration::from_secs(10);
/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_secs(2);

#[orch::app(
    id = "worker",
    kind = "worker",
    after = ["migrate"],
    volume("/tmp", ephemeral),
    health(
        shell = "find /tmp/shop-worker-alive -mmin -1 | grep -q .",
        interval = "10s",
        timeout = "3s",
        retries = 3,
        start_period = "1m",
    ),
    resources(cpu = "50m", memory = "32Mi", cpu_limit = "500m", memory_limit = "128Mi"),
    user = "10001:10001",
    grace = "30s",
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    arrival(&["postgres", "rabbitmq"]).await?;
    let worker = Worker {
        database: shop_postgres::connect().await?,
        queue: shop_rabbitmq::connect().await?,
        mailer: shop_smtp::mailer()?,
    };
    if worker.mailer.is_none() {
        log!("no mail relay is configured, so no mail is sent");
    }
    worker.run().await
}

struct Worker {
    database: Pool,
    queue: Queue,
    mailer: Option<Mailer>,
}

impl Worker {
    /// Works until it is asked to stop. An order that was begun is always finished.
    async fn run(&self) -> Result<()> {
        // Nobody sends it work, so nobody has to notice.
        let health = Health::new("worker");
        let mut stop = pin!(orch::shutdown(&health, Duration::ZERO));
        let mut round = interval(ROUND);
        loop {
            let mut messages = tokio::select! {
                stopped = &mut stop => return Ok(stopped?),
                messages = self.subscribe() => messages,
            };
            log!("ready");
            loop {
                tokio::select! {
                    stopped = &mut stop => return Ok(stopped?),
                    _ = round.tick() => {
                        if let Err(error) = self.look_around().await {
                            log!("looking around: {error:#}");
                        }
                    }
                    message = messages.next() => match message {
                        Ok(message) => self.handle(message).await,
                        Err(error) => {
                            log!("the queue: {error:#}");
                            break;
                        }
                    },
                }
            }
        }
    }

    async fn subscribe(&self) -> Messages {
        loop {
            match self.queue.messages().await {
                Ok(messages) => return messages,
                Err(error) => log!("the queue: {error:#}"),
            }
            sleep(PAUSE).await;
        }
    }

    async fn handle(&self, message: Message) {
        let answered = match self.process(&message.text()).await {
            Ok(()) => message.done().await,
            Err(error) => {
                log!("order {}: {error:#}", message.text());
                sleep(PAUSE).await;
                message.again().await
            }
        };
        if let Err(error) = answered {
            log!("the queue: {error:#}");
        }
    }

    /// Processes what nobody was told of, and shows that the worker does its work.
    async fn look_around(&self) -> Result<()> {
        for id in shop_orders::forgotten(&self.database).await? {
            self.process(&id.to_string()).await?;
        }
        self.queue.ping().await?;
        std::fs::write(std::env::temp_dir().join(ALIVE), "").context(ALIVE)
    }

    async fn process(&self, id: &str) -> Result<()> {
        let Ok(id) = id.parse() else {
            log!("`{id}` is not an order, so it is dropped");
            return Ok(());
        };
        let Some(order) = shop_orders::process(&self.database, id).await? else {
            return Ok(());
        };
        log!("order {id}: {} x {}", order.quantity, order.item);
        if let Some(mailer) = &self.mailer {
            let body = format!("Please pack {} x {}.\n", order.quantity, order.item);
            // The order counts, the mail is a courtesy.
            if let Err(error) = mailer.send(&format!("Order {id}"), body).await {
                log!("order {id}: no mail: {error:#}");
            }
        }
        Ok(())
    }
}
