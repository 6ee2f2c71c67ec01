//! Processes orders: marks them in the database and tells the packers by mail.

mod pulse;

use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result};
use orch::health::{Health, Need};
use pulse::Pulse;
use shop_lifecycle::{arrival, log};
use shop_postgres::Pool;
use shop_rabbitmq::{Message, Messages, Queue};
use shop_smtp::Mailer;
use tokio::net::TcpListener;
use tokio::time::{interval, sleep};

/// How often the worker looks for orders that nobody told it of.
const ROUND: Duration = Duration::from_secs(10);
/// How long nothing may go on before it is taken for stuck.
const STUCK: Duration = Duration::from_mins(1);
/// How long it waits before it tries again.
const PAUSE: Duration = Duration::from_secs(2);

#[orch::app(
    id = "worker",
    kind = "worker",
    after = ["migrate"],
    env(HEALTH_PORT = "8081"),
    health(
        command = ["/usr/local/bin/worker", "--orch-health", "http://127.0.0.1:8081/health"],
        interval = "10s",
        timeout = "3s",
        retries = 3,
        start_period = "1m",
    ),
    resources(cpu = "50m", memory = "32Mi", cpu_limit = "500m", memory_limit = "128Mi"),
    grace = "30s",
)]
fn main() -> Result<()> {
    // Its image has no `curl`, and needs none.
    orch::self_probe();
    run()
}

#[tokio::main(flavor = "current_thread")]
async fn run() -> Result<()> {
    arrival(&["postgres", "rabbitmq"]).await?;
    let worker = Worker {
        database: shop_postgres::connect().await?,
        queue: shop_rabbitmq::connect().await?,
        mailer: shop_smtp::mailer()?,
        pulse: Pulse::default(),
    };
    if worker.mailer.is_none() {
        log!("no mail relay is configured, so no mail is sent");
    }
    let health = worker.health();
    let port = orch::binding("HEALTH_PORT")?
        .parse()
        .context("`HEALTH_PORT` is not a port")?;
    // Nobody else has to know.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    tokio::spawn(axum::serve(listener, health.router()).into_future());
    worker.run(&health).await
}

struct Worker {
    database: Pool,
    queue: Queue,
    mailer: Option<Mailer>,
    pulse: Pulse,
}

impl Worker {
    /// Whether work goes on. Nobody sends it any, so what else is away is for those who wait for it.
    fn health(&self) -> Health {
        let pulse = self.pulse.clone();
        Health::new("worker").check("work", Need::Required, move || {
            match pulse.since().filter(|since| *since < STUCK) {
                Some(_) => Ok(()),
                None => Err("nothing goes on".to_owned()),
            }
        })
    }

    /// Works until it is asked to stop. An order that was begun is always finished.
    async fn run(&self, health: &Health) -> Result<()> {
        // Nobody has to notice before it stops.
        let mut stop = pin!(orch::shutdown(health, Duration::ZERO));
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
            self.pulse.beat();
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

    /// Processes what nobody was told of.
    async fn look_around(&self) -> Result<()> {
        self.pulse.beat();
        for id in shop_orders::forgotten(&self.database).await? {
            self.process(&id.to_string()).await?;
        }
        self.queue.ping().await
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
