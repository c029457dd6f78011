//! The bootstrap of every function on AWS Lambda: which one it is comes from its handler's name.
//! What the functions do stands in the services.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use kernel::Time;
use lambda::{Failure, Function, Handler, Settings, check, open};
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;

/// How long before Lambda ends an invocation no further page is begun.
const TIME_LEFT: Duration = Duration::from_secs(5);

/// One thread does it all: a function has one invocation at a time.
fn main() -> ExitCode {
    lambda::log::start(&std::env::var("LOG_LEVEL").unwrap_or_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let started = runtime.map_err(|error| Failure::Start(error.to_string())).and_then(|runtime| {
        let handler = runtime.block_on(start())?;
        Ok((runtime, handler))
    });
    let (runtime, handler) = match started {
        Ok(started) => started,
        Err(failure) => {
            tracing::error!(%failure, "the function cannot start");
            tell_start_failed(&failure);
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve(&handler)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Lambda starts the function anew.
            tracing::warn!(error, "Lambda's runtime interface is gone");
            ExitCode::FAILURE
        }
    }
}

/// Puts the function together.
async fn start() -> Result<Handler, Failure> {
    let settings = Settings::read(&variable)?;
    let function = Function::named(&settings.function).ok_or_else(|| {
        Failure::Start(format!("there is no function {:?}; set the handler", settings.function))
    })?;
    Ok(Handler::new(function, open::base(function, settings).await?))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Handles one invocation after another.
async fn serve(handler: &Handler) -> Result<(), String> {
    let handle = async |event: LambdaEvent<Box<RawValue>>| -> Result<Box<RawValue>, Failure> {
        let until = deadline(event.context.deadline).minus(TIME_LEFT);
        let payload = event.payload.get();
        let answer = if check::is_asked(payload) {
            check::check(payload, &variable).await?
        } else {
            handler.handle(payload, until).await?
        };
        RawValue::from_string(answer).map_err(|error| Failure::Malformed(error.to_string()))
    };
    Runtime::new(service_fn(handle)).run().await.map_err(|error| error.to_string())
}

/// Lambda gives milliseconds since 1970.
fn deadline(milliseconds: u64) -> Time {
    let micros = milliseconds.saturating_mul(1000);
    Time::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// Tells Lambda why, so that it stands where the failed start is shown. If it cannot be told, the log
/// has it.
fn tell_start_failed(failure: &Failure) {
    let Ok(host) = std::env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    let (kind, message) = (failure.kind(), failure.to_string());
    let body = serde_json::json!({ "errorType": kind, "errorMessage": message, "stackTrace": [] });
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {host}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\
         Lambda-Runtime-Function-Error-Type: {kind}\r\nConnection: close\r\n\r\n{body}"
    );
    if let Ok(mut stream) = TcpStream::connect(&host) {
        let mut answer = Vec::new();
        let told = stream.write_all(request.as_bytes());
        let _unheard = told.and_then(|()| stream.read_to_end(&mut answer));
    }
}
