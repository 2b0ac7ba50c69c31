-- The demo's panel: eight features known at the close of each date, out of the prices beside this file.
WITH returns AS (
    SELECT date, asset, price, price / lag(price) OVER (PARTITION BY asset ORDER BY date) - 1 AS change
    FROM 'prices.parquet'
),
features AS (
    SELECT date, asset, price,
           lag(price, 21) OVER each / lag(price, 252) OVER each - 1 AS mom_12_1,
           lag(price, 21) OVER each / lag(price, 126) OVER each - 1 AS mom_6_1,
           -(price / lag(price, 5) OVER each - 1) AS rev_5,
           -(price / lag(price, 21) OVER each - 1) AS rev_21,
           -stddev_samp(change) OVER (each ROWS 59 PRECEDING) AS lowvol_60,
           -stddev_samp(change) OVER (each ROWS 251 PRECEDING) AS lowvol_252,
           price / max(price) OVER (each ROWS 251 PRECEDING) AS high_52w,
           -max(change) OVER (each ROWS 20 PRECEDING) AS maxret_21
    FROM returns
    WINDOW each AS (PARTITION BY asset ORDER BY date)
)
SELECT * REPLACE (
    round(lowvol_60, 9) AS lowvol_60, round(lowvol_252, 9) AS lowvol_252  -- the same on any number of threads
)
FROM features
WHERE date >= DATE '2009-01-01'
ORDER BY date, asset
