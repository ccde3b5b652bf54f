# One image for web, worker, clock and the one-shot that migrates; docker-compose.yml says which. No secret goes in.
FROM python:3.12.8-slim-bookworm AS packages
COPY requirements/base.txt /requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.txt

FROM python:3.12.8-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN useradd --system --uid 10001 --create-home fitting && install -d -o fitting -g fitting /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q analysis annotation config pipeline studies
USER fitting
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py"]
